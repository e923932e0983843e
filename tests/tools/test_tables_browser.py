"""Pages of tables in a browser: a heading sorts by click and by key, narrow screens, and nothing from a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.answers import of_letters
from tests.fixtures.sample_run import HOSTILE
from tests.tools.test_report_browser import Seen, browser, watch
from verireason.reports.leaderboard import boards
from verireason.reports.leaderboard_tables import leaderboard_files

if TYPE_CHECKING:
    from playwright.sync_api import Browser

__all__ = ["browser"]
"""The fixture that starts the browser."""


@pytest.fixture
def seen(browser: Browser, tmp_path: Path) -> Iterator[Seen]:
    """A leaderboard of four entries, one of them with a hostile name; afterwards nothing may have gone wrong."""
    sides = [
        of_letters(name, ["." * num + "x" * (20 - num)] * 6, model=name)
        for name, num in (("ten", 10), ("two", 2), ("all", 20), (HOSTILE, 7))
    ]
    path = tmp_path / "leaderboard.html"
    path.write_text(leaderboard_files(boards(sides), [])["leaderboard.html"])
    with browser.new_context(viewport={"width": 400, "height": 800}) as context:
        found = watch(context.new_page())
        found.page.goto(path.as_uri())
        yield found
        assert found.errors == []
        assert found.requests == [path.as_uri()]


def column(seen: Seen, place: int) -> list[str]:
    return seen.page.locator(f"tbody tr td:nth-child({place})").all_inner_texts()


def test_a_heading_sorts_numbers_as_numbers_by_click_and_by_key(seen: Seen) -> None:
    assert column(seen, 2)[0] == "all"
    heading = seen.page.locator("th", has_text="pass@1").first
    heading.locator("[role=button]").click()
    assert [text.split()[0] for text in column(seen, 4)] == ["10.0", "35.0", "50.0", "100.0"]
    assert heading.get_attribute("aria-sort") == "ascending"
    heading.locator("[role=button]").press("Enter")
    assert column(seen, 2) == ["all", "ten", HOSTILE, "two"]


def test_a_heading_sorts_words_and_hostile_ones_stay_words(seen: Seen) -> None:
    seen.page.locator("th", has_text="model").locator("[role=button]").press(" ")
    assert sorted(column(seen, 2)) == sorted(["all", "ten", HOSTILE, "two"])
    assert column(seen, 2)[1:] == ["all", "ten", "two"]
    assert seen.page.title() == "Leaderboard – VeriReason"
    assert seen.page.locator("img").count() == 0


def test_a_narrow_screen_scrolls_the_table_and_not_the_page(seen: Seen) -> None:
    assert seen.page.evaluate("document.documentElement.scrollWidth") == 400
    assert seen.page.evaluate("document.querySelector('.scroll').scrollWidth") > 400
