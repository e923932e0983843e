"""Our verdicts beside those of the benchmarks' own harnesses: see `verireason agree`."""
