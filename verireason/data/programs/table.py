"""All families of programs. To add one: write it, add a row here; the tests go through this table."""

from __future__ import annotations

from verireason.data.programs.lists import APPLY, COUNT_IF, KEEP, TOTAL
from verireason.data.programs.numbers import ARITHMETIC, CLAMP, DIGITS
from verireason.data.programs.pairs import CHECK, GAPS, ORDER, TALLY
from verireason.data.programs.positions import EXTREME, FIND, SLICE
from verireason.data.programs.program import ProgramFamily
from verireason.data.programs.ranges import DIVISORS, RECURRENCE, SPAN
from verireason.data.programs.texts import LETTERS, REWRITE, WORDS_FAMILY

PROGRAM_FAMILIES: dict[str, ProgramFamily] = {
    family.name: family
    for family in (
        ARITHMETIC,
        CLAMP,
        DIGITS,
        SPAN,
        DIVISORS,
        RECURRENCE,
        COUNT_IF,
        KEEP,
        APPLY,
        TOTAL,
        SLICE,
        FIND,
        EXTREME,
        CHECK,
        GAPS,
        ORDER,
        TALLY,
        LETTERS,
        REWRITE,
        WORDS_FAMILY,
    )
}
