"""Foreign text in reports: shown as it is, and nothing more than shown."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from sim.verdict import Diagnostic, Severity
from tests.fixtures.markdown import markdown_tokens
from verireason.reports.text import bits, cut, fenced, listing, markdown_text, visible

LETTERS = st.text(st.characters(codec="utf-8"))


def test_a_message_stands_under_the_line_that_it_is_about() -> None:
    found = Diagnostic(severity=Severity.ERROR, message="syntax <error>", line=2)
    lines = str(listing("module m;\nassign;\nendmodule\n", [found])).split("\n")
    assert lines[1].endswith('<i class="error">assign;')
    assert lines[2].endswith('<b class="error">syntax &lt;error&gt;')
    assert lines[3].endswith("<i>endmodule")


def test_digits_that_differ_are_marked_in_values_of_equal_length() -> None:
    assert str(bits("01x1", "0101")) == "01<u>x</u>1"
    assert str(bits("01x1", "0")) == "01x1"


def test_a_long_text_is_cut_and_what_is_missing_counted() -> None:
    shown = cut("a" * 50, 20)
    assert (len(shown.text), shown.num_left_out) == (20, 30)


@given(LETTERS)
def test_a_fenced_text_is_one_block_with_the_text_in_it(text: str) -> None:
    tokens = markdown_tokens(f"before\n\n{fenced(text)}\n\nafter")
    paragraph = ["paragraph_open", "inline", "text", "paragraph_close"]
    assert [token.type for token in tokens] == [*paragraph, "fence", *paragraph]
    assert tokens[4].content.removesuffix("\n") == visible(text).removesuffix("\n")


@given(LETTERS)
def test_escaped_markdown_is_plain_text_in_one_paragraph(text: str) -> None:
    kinds = [token.type for token in markdown_tokens(markdown_text(text))]
    assert kinds in ([], ["paragraph_open", "inline", "text", "paragraph_close"])


@given(st.text())
def test_a_visible_text_can_be_written_as_utf8_and_hides_nothing(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not re.search("[\x00\x1b\u202a-\u202e\u2066-\u2069\u200b]", shown)
