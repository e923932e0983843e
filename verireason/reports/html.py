"""The report as one HTML file that opens from disk: styles, script and graphics inside, no network.

Every text goes through Jinja's escaping. Behind that, the page's security policy lets no script run but our own and
loads nothing, so markup that a completion carries stays dead even if escaping had a hole.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from verireason.reports import heat, lengths, letters, modes, rates, samples, strips, text
from verireason.reports.curves import Curve
from verireason.reports.panels import Topic
from verireason.reports.rates import Group
from verireason.reports.report import MAX_DROPPED, MEANINGS, Report
from verireason.reports.waves import waves_svg

if TYPE_CHECKING:
    from jinja2 import Environment

NO_BREAK = "\N{NO-BREAK SPACE}"
_HERE = Path(__file__).parent


def render_html(report: Report) -> str:
    """The page. Equal reports give equal pages."""
    script = "".join((_HERE / name).read_text(encoding="utf-8") for name in ("page.js", "steps.js"))
    page = _environment().get_template("page.html.j2")
    return page.render(
        report=report,
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        meanings=MEANINGS,
        modes=modes.MEANINGS,
        max_dropped=MAX_DROPPED,
        max_cells=heat.MAX_CELLS,
    )


def _tied(sentence: str) -> str:
    """The sentence with its figures kept on one line."""
    sentence = re.sub(r"\[[^\]]*\]", lambda match: match[0].replace(" ", NO_BREAK), sentence)
    return re.sub(r"(?<=\d) (?=%|points|problems|judged|unjudged)", NO_BREAK, sentence)


def _by_topic(curves: Sequence[Curve]) -> list[tuple[str, list[Curve]]]:
    """Curves under the headings of their topics, in the order of the topics."""
    return [(topic, members) for topic in Topic if (members := [each for each in curves if each.topic is topic])]


def _by_split(groups: Sequence[Group]) -> list[tuple[str, list[Group]]]:
    """Groups by the first part of their names, in their order (Jinja's own groupby would sort)."""
    return [(split, list(members)) for split, members in itertools.groupby(groups, key=lambda group: group.name[0])]


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A line that a completion carries cannot reach a template: templates are files, texts are values.
        finalize=lambda value: text.visible(value) if type(value) is str else value,
    )
    environment.filters |= {
        "percent": rates.percent,
        "points": rates.points,
        "scale": strips.scale_svg,
        "bar": strips.bar_svg,
        "strip": strips.strip_svg,
        "lengths": lengths.lengths_svg,
        "letter": letters.letter_of,
        "letters": letters.tally_letters,
        "link": heat.problem_link,
        "part": heat.link_part,
        "cut": text.cut,
        "tied": _tied,
        "by_split": _by_split,
        "by_topic": _by_topic,
        "waves": waves_svg,
        "field": getattr,
        "ends": strips.ends_svg,
        "failing": samples.failing_tests,
        "subtasks": samples.subtasks,
    }
    environment.globals |= {"listing": text.listing, "bits": text.bits, "apart": text.apart}
    return environment
