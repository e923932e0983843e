"""The report page in a browser: filters, links, keys, narrow and dark screens, print, and nothing from a network."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import missing
from tests.fixtures.sample_run import FAMILIES, HOSTILE, write_benchmark, write_run
from verireason.reports.write import write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

LINE = "#map [data-row]:not([hidden])"
ROW = "#table > tbody > tr[data-row]:not([hidden])"
NUM_PROBLEMS, NUM_SAMPLES = 24, 8

CONTRAST = """
(selector) => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const bright = ([r, g, b]) => [r, g, b].map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const paint = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = paint(getComputedStyle(node).backgroundColor);
      if (colour[3]) return colour;
    }
    return [255, 255, 255];
  };
  return Array.from(document.querySelectorAll(selector), (node) => {
    const [one, other] = [bright(paint(getComputedStyle(node).color)), bright(behind(node))].sort((a, b) => b - a);
    return [node.className, (one + 0.05) / (other + 0.05)];
  });
}
"""


@dataclass(slots=True, kw_only=True)
class Seen:
    """A page and what it did on its own."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def address(self) -> str:
        """What stands after the file's name."""
        return self.page.url.partition("#")[2]

    def numbers(self, selector: str) -> list[int]:
        """Rows that are shown, by their numbers in the table."""
        found = self.page.locator(selector).evaluate_all("nodes => nodes.map((node) => Number(node.dataset.row))")
        return [int(each) for each in found]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of the host."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing("no chromium and no google-chrome on the path; install one to test the report page")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("the package playwright is not installed; it drives the report page")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of the report on an evaluation with two rounds of repairs and one hostile completion."""
    directory = tmp_path_factory.mktemp("benchmark")
    write_benchmark(directory, num_problems=NUM_PROBLEMS, num_samples=NUM_SAMPLES, num_rounds=2)
    return write_report(directory).html.as_uri()


@pytest.fixture
def seen(browser: Browser, report: str) -> Iterator[Seen]:
    """The page, opened; after the test nothing may have gone wrong or been asked for."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        found = watch(context.new_page())
        found.page.goto(report)
        yield found
        assert found.errors == []
        assert [each for each in found.requests if not each.startswith("file://")] == []


def watch(page: Page) -> Seen:
    found = Seen(page=page)
    page.on("console", lambda message: found.errors.append(message.text))
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    page.on("request", lambda request: found.requests.append(request.url))
    return found


def open_problem(page: Page, link: Locator) -> None:
    """Click the name of a problem that is closed, and wait for its samples: an address opens a moment after it changed."""
    number = link.evaluate("node => node.closest('[data-row]').dataset.row")
    link.click()
    page.wait_for_selector(f'[data-row="{number}"] + .detail article:not([hidden])')


def test_the_page_asks_for_nothing_but_itself(seen: Seen, report: str) -> None:
    assert seen.requests == [report]
    assert len(seen.numbers(ROW)) == len(seen.numbers(LINE)) == NUM_PROBLEMS + 1


def test_what_a_model_wrote_stays_text_when_every_problem_is_opened(seen: Seen) -> None:
    for link in seen.page.locator("a[aria-expanded]").all():
        open_problem(seen.page, link)
    assert seen.page.title() != "owned"
    assert seen.page.locator("img").count() == 0
    assert seen.page.locator(".code", has_text=HOSTILE).count() > 0
    assert seen.page.locator(".detail article").count() > NUM_PROBLEMS


def test_a_page_is_built_small_and_grows_as_problems_are_opened(seen: Seen) -> None:
    count = "document.querySelectorAll('*').length"
    before = seen.page.evaluate(count)
    assert before < 60 * NUM_PROBLEMS + 5000
    open_problem(seen.page, seen.page.locator("a[aria-expanded]").first)
    assert seen.page.evaluate(count) > before


def test_a_name_filters_map_and_table_alike(seen: Seen) -> None:
    family = FAMILIES[0]
    seen.page.fill("#find", f"prob-{family}-")
    shown = seen.numbers(ROW)
    assert 0 < len(shown) < NUM_PROBLEMS
    assert sorted(seen.numbers(LINE)) == sorted(shown)
    assert f"{len(shown)} of {NUM_PROBLEMS + 1} problems" in seen.page.inner_text("#shown")
    seen.page.click("#reset")
    assert len(seen.numbers(ROW)) == NUM_PROBLEMS + 1


def test_a_category_and_a_share_of_passes_filter(seen: Seen) -> None:
    seen.page.select_option("#category", FAMILIES[1])
    categories = seen.page.locator(ROW).evaluate_all("nodes => nodes.map((node) => node.dataset.category)")
    assert set(categories) == {FAMILIES[1]}
    seen.page.select_option("#category", "")
    seen.page.select_option("#show", "never")
    for row in seen.page.locator(ROW).all():
        assert row.locator("b").first.inner_text() == "0"


@pytest.mark.parametrize(("kind", "outcome"), [("COMPILE_ERROR", "COMPILE_ERROR"), ("=S", "COMPILE_ERROR")])
def test_a_kind_of_sample_hides_other_samples_and_dims_other_cells(seen: Seen, kind: str, outcome: str) -> None:
    seen.page.select_option("#kind", kind)
    assert 0 < len(seen.numbers(ROW)) <= NUM_PROBLEMS
    bright = seen.page.locator(f"{LINE} .cells > :not(.dim)")
    assert all(outcome in (name or "") for name in bright.evaluate_all("nodes => nodes.map((node) => node.className)"))
    open_problem(seen.page, seen.page.locator(f"{ROW} a").first)
    outcomes = seen.page.locator(".detail article:not([hidden])").evaluate_all(
        "nodes => nodes.map((node) => node.dataset.outcome)"
    )
    assert set(outcomes) == {outcome}


def test_only_failing_samples_are_left_on_demand(seen: Seen) -> None:
    seen.page.select_option("#kind", "failing")
    assert seen.page.locator(f"{LINE} .cells > .o-PASS:not(.dim)").count() == 0


def test_a_cell_opens_its_sample_and_the_back_button_goes_back(seen: Seen) -> None:
    cell = seen.page.locator(f"{LINE} .cells > a.o-MISMATCH").first
    link = cell.get_attribute("href")
    cell.click()
    seen.page.wait_for_function("document.activeElement.dataset.keys")
    assert f"#{seen.address()}" == link
    keys, outcome = seen.page.evaluate("[document.activeElement.dataset.keys, document.activeElement.dataset.outcome]")
    assert outcome == "MISMATCH"
    assert seen.address().rpartition("/")[2] in keys.split()
    assert seen.page.locator(f'.detail [data-keys="{keys}"] svg.waves').first.is_visible()
    seen.page.locator("nav a[href='#result']").click()
    seen.page.wait_for_url("**#result")
    seen.page.go_back()
    assert f"#{seen.address()}" == link
    seen.page.go_back()
    assert seen.address() == ""


def test_an_address_opens_what_it_names_whatever_is_filtered(seen: Seen) -> None:
    row = seen.page.locator(ROW).nth(5)
    link, number = row.get_attribute("data-link"), row.get_attribute("data-row")
    seen.page.fill("#find", "no such problem")
    assert seen.numbers(ROW) == []
    seen.page.evaluate("(link) => { location.hash = link; }", link)
    seen.page.wait_for_selector(".detail")
    assert seen.page.locator(f'[data-row="{number}"] + .detail article').count() > 0
    seen.page.reload()
    assert seen.page.locator(f'[data-row="{number}"] + .detail article').count() > 0


def test_a_second_click_closes_a_problem(seen: Seen) -> None:
    link = seen.page.locator("a[aria-expanded]").first
    open_problem(seen.page, link)
    assert link.get_attribute("aria-expanded") == "true"
    link.click()
    assert link.get_attribute("aria-expanded") == "false"
    assert seen.page.locator(".detail").count() == 0


def test_j_and_k_go_from_sample_to_sample_among_those_that_are_shown(seen: Seen) -> None:
    seen.page.select_option("#kind", "failing")
    seen.page.locator("h1").click()
    visited = []
    for key in "jjjk":
        seen.page.keyboard.press(key)
        visited.append(seen.address())
    assert len(set(visited[:3])) == 3
    assert visited[3] == visited[1]
    assert seen.page.evaluate("document.activeElement.dataset.outcome") != "PASS"
    assert seen.page.locator(".detail").count() == 1


def test_slash_finds_question_mark_helps_and_escape_undoes(seen: Seen) -> None:
    seen.page.keyboard.press("/")
    seen.page.keyboard.type("adder?")
    assert seen.page.input_value("#find") == "adder?"
    seen.page.keyboard.press("Escape")
    assert seen.page.input_value("#find") == ""
    seen.page.keyboard.press("?")
    assert seen.page.locator("#help").is_visible()
    seen.page.keyboard.press("j")
    assert seen.address() == ""
    seen.page.keyboard.press("Escape")
    assert not seen.page.locator("#help").is_visible()
    seen.page.keyboard.press("j")
    seen.page.keyboard.press("Escape")
    assert seen.page.locator(".detail").count() == 0


def test_the_map_is_one_stop_and_arrows_go_on_from_there(seen: Seen) -> None:
    assert seen.page.locator("#map a[tabindex='0']").count() == 1
    seen.page.locator("#map a[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        seen.page.keyboard.press(key)
    place = seen.page.evaluate(
        "[document.activeElement.closest('[data-row]') === document.querySelectorAll('#map [data-row]')[1],"
        " document.activeElement.title]"
    )
    assert place[0]
    assert place[1].startswith("sample 1")
    seen.page.keyboard.press("Enter")
    seen.page.wait_for_selector(".detail article")
    assert seen.page.locator(".detail").count() == 1


def test_a_heading_sorts_and_open_problems_stay_with_their_rows(seen: Seen) -> None:
    first = seen.page.locator(ROW).first
    open_problem(seen.page, first.locator("a"))
    number = first.get_attribute("data-row")
    seen.page.get_by_role("button", name="passes").click()
    shares = seen.page.locator(ROW).evaluate_all("nodes => nodes.map((node) => Number(node.dataset.rate))")
    assert shares == sorted(shares)
    assert seen.page.locator(f'[data-row="{number}"] + .detail').count() == 1


def test_the_attempts_at_a_sample_are_shown_under_it(seen: Seen) -> None:
    assert seen.page.locator("#repair tbody tr").count() == 3
    for link in seen.page.locator("a[aria-expanded]").all()[:4]:
        open_problem(seen.page, link)
    assert seen.page.locator(".detail .attempt", has_text="after repair 1").count() > 0


@pytest.mark.parametrize("kind", ["benchmark", "run"])
def test_a_narrow_screen_never_scrolls_sideways(browser: Browser, report: str, tmp_path: Path, kind: str) -> None:
    if kind == "run":
        write_run(tmp_path, num_steps=6, num_heldout=12, num_samples=4)
        report = write_report(tmp_path).html.as_uri()
    page = browser.new_page(viewport={"width": 400, "height": 800})
    page.goto(report)
    for link in page.locator("a[aria-expanded]").all()[:6]:
        open_problem(page, link)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.close()


def test_a_step_of_training_is_chosen_by_list_keys_and_address(browser: Browser, tmp_path: Path) -> None:
    write_run(tmp_path, num_steps=5, num_heldout=6, num_samples=2)
    path = tmp_path / "records.jsonl"
    lines = path.read_text().splitlines()
    record = json.loads(next(line for line in lines if '"step":1,' in line and '"outcome":"PASS"' not in line))
    lines.insert(0, json.dumps({**record, "sample": 9, "code": HOSTILE, "completion": HOSTILE, "reward": -9.0}))
    path.write_text("\n".join(lines) + "\n")
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = watch(context.new_page()).page
        page.goto(write_report(tmp_path).html.as_uri())
        chosen = page.locator("#chosen")
        assert "Step 5:" in chosen.inner_text()
        assert page.locator("#later").is_disabled()
        page.locator("#step").focus()
        page.keyboard.press("ArrowUp")
        assert "Step 4:" in chosen.inner_text()
        assert page.url.endswith("#steps/4")
        page.reload()
        assert "Step 4:" in chosen.inner_text()
        page.select_option("#step", "1")
        assert page.locator("#earlier").is_disabled()
        assert chosen.locator(".code", has_text=HOSTILE).count() == 1
        assert chosen.locator("img").count() == 0
        best, worst = (each.bounding_box() for each in chosen.locator(".pair").first.locator("article").all())
        assert best["y"] == worst["y"]
        assert best["x"] + best["width"] <= worst["x"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_and_letters_can_be_told_from_what_is_behind_them(browser: Browser, report: str, scheme: str) -> None:
    page = browser.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(report)
    open_problem(page, page.locator("a[aria-expanded]").first)
    ratios = page.evaluate(CONTRAST, "p, h2, .quiet, .caption, .cells > *, .cell, .chip, .code i, dd, dt, a, select")
    assert [(name, ratio) for name, ratio in ratios if ratio < 4.2] == []
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    page.close()


def test_print_has_the_figures_and_what_is_open_on_white(browser: Browser, report: str) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(report)
    open_problem(page, page.locator(f"{ROW} a").first)
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for selector in ("#map", "svg.lengths", ".bar", ".rates", ".detail article", "#samples svg.waves", "#provenance"):
        assert page.locator(selector).first.is_visible(), selector
    for selector in (".filter", "nav"):
        assert not page.locator(selector).first.is_visible(), selector
    assert page.pdf(format="A4").startswith(b"%PDF-")
    page.close()


def test_every_field_has_a_label_and_headings_leave_no_level_out(seen: Seen) -> None:
    for name in ("find", "show", "kind", "category"):
        assert seen.page.locator(f"#{name}").evaluate("node => node.labels.length") == 1
    levels = seen.page.locator("h1, h2, h3, h4").evaluate_all("nodes => nodes.map((node) => Number(node.tagName[1]))")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
