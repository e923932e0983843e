"""A leaderboard as files: a page with tables that can be sorted, Markdown, LaTeX and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from verireason.evals.passk import NUM_RESAMPLES
from verireason.reports.comparison import LEVEL
from verireason.reports.latex import latex
from verireason.reports.leaderboard import Board, Entry, ks_of
from verireason.reports.pages import render_page
from verireason.reports.rates import BOOTSTRAP_SEED
from verireason.reports.tables import (
    Cell,
    Column,
    Kind,
    Table,
    csv_text,
    interval_of,
    known_columns,
    markdown,
    without,
)
from verireason.reports.text import markdown_text

HTML, MARKDOWN, LATEX, CSV = "leaderboard.html", "leaderboard.md", "leaderboard.tex", "leaderboard.csv"
METHOD = (
    "A rank is one more than the number of entries that are clearly better on pass@1: by a paired sign-flip test over "
    f"problems, p below {LEVEL} after correction for the number of pairs in the table (Holm). Entries that the test "
    "cannot tell apart share a rank. One table holds what was asked the same problems and judged in the same "
    "simulation image. pass@k in per cent with 95 % intervals over problems, Bayesian bootstrap, "
    f"{NUM_RESAMPLES:,} resamples, seed {BOOTSTRAP_SEED}; unjudged completions take no part. Ceiling: problems whose "
    "own reference passes. Rejected: completions that reach out of the design. Tokens: of a completion, on average."
)
_DIGEST = 12
_NOT_IN_PRINT = ("evaluation", "samples", "rejected", "tokens", "cost", "records")
"""Columns that a page of paper has no room for."""


def leaderboard_files(boards: Sequence[Board], left_out: Sequence[str]) -> dict[str, str]:
    """File name to text. `left_out` says why a directory has no entry, a line each."""
    return {
        HTML: render_page(
            "leaderboard.html.j2",
            what="leaderboard",
            title="Leaderboard",
            benchmarks=[
                (name, [(board, board_table(board)) for board in members])
                for name, members in groupby(boards, key=lambda board: board.name)
            ],
            left_out=left_out,
            method=METHOD,
        ),
        MARKDOWN: _markdown(boards, left_out),
        LATEX: latex(
            without(board_table(board, number), _NOT_IN_PRINT) for number, board in enumerate(boards, start=1)
        ),
        CSV: csv_text(_all_entries(boards)),
    }


def board_table(board: Board, number: int = 1) -> Table:
    """One table of entries, without what is known of none."""
    ks = ks_of(board.entries)
    table = Table(
        name=f"leaderboard {number}",
        caption=board.name + (f". Apart from the first table: {board.reason}" if board.reason else ""),
        columns=(Column(head="rank", kind=Kind.COUNT), *_columns(ks)),
        rows=tuple((rank, *_cells(entry, ks)) for rank, entry in zip(board.ranks, board.entries, strict=True)),
    )
    return known_columns(table)


def _columns(ks: Sequence[int]) -> tuple[Column, ...]:
    return (
        *(Column(head=name, kind=Kind.WORDS) for name in ("model", "evaluation")),
        *(Column(head=f"pass@{k}", kind=Kind.SHARE) for k in ks),
        Column(head="n", kind=Kind.COUNT),
        Column(head="ceiling", kind=Kind.WORDS),
        *(Column(head=name, kind=Kind.COUNT) for name in ("samples", "unjudged", "rejected")),
        Column(head="T", kind=Kind.NUMBER, key="temperature"),
        Column(head="tokens", kind=Kind.COUNT),
        Column(head="cost", kind=Kind.NUMBER),
        Column(head="records", kind=Kind.WORDS, key="sha256"),
    )


def _cells(entry: Entry, ks: Sequence[int], *, num_digits: int = _DIGEST) -> tuple[Cell, ...]:
    return (
        entry.model,
        entry.label,
        *(interval_of(entry.rates.get(k)) for k in ks),
        entry.rates[1].num_problems,
        None if entry.num_sound is None else f"{entry.num_sound}/{len(entry.tallies)}",
        entry.num_samples,
        sum(tally.num_unjudged for tally in entry.tallies),
        entry.num_rejected,
        entry.temperature,
        None if entry.num_tokens is None else round(entry.num_tokens),
        entry.cost,
        entry.digest[:num_digits],
    )


def _all_entries(boards: Sequence[Board]) -> Table:
    ks = ks_of(entry for board in boards for entry in board.entries)
    return Table(
        name="leaderboard",
        caption=METHOD,
        columns=(
            *(Column(head=name, kind=Kind.WORDS) for name in ("benchmark", "stands apart")),
            Column(head="rank", kind=Kind.COUNT),
            *_columns(ks),
        ),
        rows=tuple(
            (board.name, board.reason, rank, *_cells(entry, ks, num_digits=64))
            for board in boards
            for rank, entry in zip(board.ranks, board.entries, strict=True)
        ),
    )


def _markdown(boards: Sequence[Board], left_out: Sequence[str]) -> str:
    parts = ["# Leaderboard"]
    for name, members in groupby(boards, key=lambda board: board.name):
        parts += [f"## {markdown_text(name)}", *(markdown(board_table(board)) for board in members)]
    if left_out:
        parts += ["## Left out", "\n".join(f"* {markdown_text(line)}" for line in left_out)]
    return "\n\n".join([*parts, markdown_text(METHOD)]) + "\n"
