"""From a verdict to a number. No processes, no machine learning, the standard library only."""
