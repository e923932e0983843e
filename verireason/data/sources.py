"""Where each benchmark and data set that has a loader is published: what to fetch, which revision, under which terms.

A git source is pinned to a commit, which is the digest of all that is fetched. A hub source names a revision; the hub
turns it into a commit when it is fetched, and `verireason.data.fetch` writes that down beside the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from verireason.data import (
    apps,
    bigcodebench,
    code_contests,
    codev_r1,
    cvdp,
    human_eval,
    kodcode,
    livecodebench,
    mbpp,
    rtllm,
    verifiable,
    verilog_eval,
    verilog_eval_v1,
)
from verireason.data.designs import MODEL_WRITTEN
from verireason.data.rows import Source

UNSTATED = "none stated: research use at your own risk"
_GITHUB = "https://github.com/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Git:
    """A git repository."""

    url: str
    commit: str
    """40 hexadecimal digits; git itself checks that the content is what they say."""

    @property
    def place(self) -> str:
        """For a table."""
        return f"{self.url} @ {self.commit[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A data set of the Hugging Face hub."""

    name: str
    files: tuple[str, ...]
    """Patterns of the files that are fetched."""
    revision: str = "main"

    @property
    def place(self) -> str:
        """For a table."""
        return f"hub {self.name} @ {self.revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One row: what `verireason data get NAME` fetches."""

    name: str
    what: str
    source: Git | Hub
    licence: str
    benchmarks: tuple[str, ...]
    """Names for --benchmark that read what was fetched."""

    def next_command(self, directory: str) -> str:
        """What to type when it is there."""
        name = self.benchmarks[0]
        if name == codev_r1.NAME:
            return codev_r1.CONVERT.replace("DIR", directory)
        if name in MODEL_WRITTEN:
            return f"verireason data ingest --benchmark {name} --root {directory} --out {name}.jsonl"
        return f"verireason verify --benchmark {name} --root {directory} --completions FILE --out runs/{name}"


def _github(name: str, commit: str) -> Git:
    return Git(url=f"{_GITHUB}{name}", commit=commit)


def _hub(source: Source) -> Hub:
    return Hub(name=source.hub, files=source.hub_files)


def _row(name: str, what: str, source: Git | Hub, licence: str, *, benchmarks: Sequence[str] = ()) -> Published:
    return Published(name=name, what=what, source=source, licence=licence, benchmarks=tuple(benchmarks) or (name,))


_ROWS = ("*.json", "*.jsonl", "*.parquet", "data/*")
"""Files of a hub's repository that may hold rows."""
_VERILOG_EVAL = "NVlabs/verilog-eval"
_RTLLM = "hkust-zhiyao/RTLLM"

PUBLISHED = {
    row.name: row
    for row in (
        _row(
            "verilog-eval-v1", "VerilogEval v1: Human 156, Machine 143",
            _github(_VERILOG_EVAL, "4fa0ac4ed70ff1685114c25cd2e4c17cbba6a0c4"), "MIT",
            benchmarks=(verilog_eval_v1.HUMAN, verilog_eval_v1.MACHINE),
        ),
        _row(
            "verilog-eval-v2", "VerilogEval v2: spec-to-rtl and code-complete, 156 each",
            _github(_VERILOG_EVAL, "c498220d0a52248f8e3fdffe279075215bde2da6"), "MIT",
            benchmarks=(verilog_eval.NAME, verilog_eval.CODE_COMPLETE),
        ),
        _row(
            "rtllm-v1.1", "RTLLM v1.1: 29 designs", _github(_RTLLM, "f6d03dee61fd80b868eddc3bf3e675424726a68f"), "MIT",
        ),
        _row(
            "rtllm-v2", "RTLLM v2.0: 50 designs", _github(_RTLLM, "41b26896e33b536940116a975626455eed3de65e"), "MIT",
            benchmarks=(rtllm.NAME,),
        ),
        _row(
            "cvdp", "CVDP: code generation, non-agentic and agentic problems",
            Hub(name=cvdp.SOURCES[cvdp.NAME].hub, files=("cvdp_*.jsonl",)), cvdp.LICENCE,
            benchmarks=(cvdp.NAME, cvdp.AGENTIC),
        ),
        _row(
            "veri-reason", "VeriReason: 1,892 problems with testbench and expected lines",
            Hub(name="Nellyw888/RTL-Coder_7b_reasoning_tb_combined", files=_ROWS),
            UNSTATED,
        ),
        _row(
            "veri-reason-simple", "VeriReason, its 743 easy problems",
            Hub(name="Nellyw888/RTL-Coder_7b_reasoning_tb_simple", files=_ROWS),
            UNSTATED, benchmarks=("veri-reason",),
        ),
        _row(
            "veri-reason-hard", "VeriReason, its 1,149 hard problems",
            Hub(name="Nellyw888/RTL-Coder_7b_reasoning_tb", files=_ROWS),
            UNSTATED, benchmarks=("veri-reason",),
        ),
        _row(
            "codev-r1", "CodeV-R1: 3.1 thousand problems of its RL stage (pickled ground truth: convert once)",
            Hub(name="zhuyaoyu/CodeV-R1-dataset", files=("codev_r1_rl_*.parquet",)), UNSTATED,
        ),
        _row(
            "rtlcoder", "RTLCoder: Resyn27k, 26.5 thousand instructions with a model's answers",
            _github("hkust-zhiyao/RTL-Coder", "b2847073be62d5f1d6d9b17bb247f0cfeb1ce642"), UNSTATED,
        ),
        _row(
            "verithoughts", "VeriThoughts: questions with formally checked answers",
            Hub(name="wilyub/VeriThoughtsTrainSet", files=_ROWS), UNSTATED,
        ),
        _row(
            "resbench", "ResBench: 56 designs in 12 categories",
            _github("jultrishyyy/ResBench", "ae1cc41f217ab79504bf84b05790ec4f514da6c0"), UNSTATED,
        ),
        _row("humaneval", "HumanEval: 164 functions", _hub(human_eval.SOURCE), "MIT"),
        _row("humanevalplus", "HumanEval+: the same with more tests", _hub(human_eval.PLUS_SOURCE), "Apache-2.0"),
        _row(
            "mbpp", "MBPP: full and sanitised", _hub(mbpp.SOURCE), "CC-BY-4.0", benchmarks=(mbpp.NAME, mbpp.SANITIZED),
        ),
        _row("mbppplus", "MBPP+: 378 functions with more tests", _hub(mbpp.PLUS_SOURCE), "Apache-2.0"),
        _row("apps", "APPS: its test split", _hub(apps.SOURCE), "MIT"),
        _row("taco", "TACO: its test split", _hub(apps.TACO_SOURCE), "Apache-2.0"),
        _row("livecodebench", "LiveCodeBench: code generation", _hub(livecodebench.SOURCE), "CC (see its card)"),
        _row("codecontests", "CodeContests: its test split", _hub(code_contests.SOURCE), "CC-BY-4.0"),
        _row("bigcodebench", "BigCodeBench v0.1.4", _hub(bigcodebench.SOURCE), "Apache-2.0"),
        _row("prime-code", "PRIME's Eurus-2-RL-Data", _hub(verifiable.PRIME_SOURCE), "MIT"),
        _row("deepcoder", "DeepCoder-Preview", _hub(verifiable.DEEPCODER_SOURCE), "MIT"),
        _row("open-r1-code", "open-r1's verifiable problems", _hub(verifiable.OPEN_R1_SOURCE), UNSTATED),
        _row("kodcode", "KodCode-Light-RL-10K", _hub(kodcode.SOURCE), "CC-BY-NC-4.0"),
    )
}  # fmt: skip
"""Name for `verireason data get` to what it fetches."""
