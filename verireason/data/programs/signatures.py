"""What the functions take: names of arguments, inputs at the edges, and drawn ones."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from verireason.data.programs.program import Arguments, Program, Signature, Turns

LONGEST = 9
"""Items of a drawn list."""
_FAR = 60
"""How far from zero drawn numbers go when they are not near one that the function turns on."""
_COMMON = "abeorst"
_OTHER = "ABEZ xyz19_,"


def _ints(turns: Turns) -> list[int]:
    return [turn for turn in turns if isinstance(turn, int)]


def _letters(turns: Turns) -> str:
    return "".join(turn for turn in turns if isinstance(turn, str))


def _near(numbers: Sequence[int]) -> list[int]:
    """The numbers, their neighbours and their opposites; small ones where there are none."""
    near = [number + step for number in numbers or (2,) for step in (-1, 0, 1)]
    return list(dict.fromkeys([*near, *(-number for number in numbers)]))


def _number(rng: Random, numbers: Sequence[int]) -> int:
    match rng.randrange(4):
        case 0:
            return rng.randint(-_FAR, _FAR)
        case 1:
            return rng.randint(-9, 9)
        case _:
            return rng.choice(_near(numbers)) + rng.choice((0, 0, 0, 1, -1, 2, -2))


def _draw_number(rng: Random, turns: Turns) -> Arguments:
    number = _number(rng, _ints(turns))
    return (number * rng.choice((1, 1, 7, 101)) + rng.randrange(3),)


def _number_edges(turns: Turns) -> list[Arguments]:
    fixed = (0, 1, -1, 10, 99, -100, 12345, 70717)
    return [(number,) for number in dict.fromkeys([*fixed, *_near(_ints(turns))])]


def _draw_count(rng: Random, turns: Turns) -> Arguments:
    return (rng.choice((rng.randint(0, 40), abs(_number(rng, _ints(turns))))),)


def _count_edges(turns: Turns) -> list[Arguments]:
    return [(number,) for number in dict.fromkeys([0, 1, 2, 3, 12, 24, 30, *map(abs, _near(_ints(turns)))])]


def _draw_two_numbers(rng: Random, turns: Turns) -> Arguments:
    numbers = _ints(turns)
    first = _number(rng, numbers)
    step = rng.choice(_near(numbers))
    return first, rng.choice((_number(rng, numbers), first, first + step, first - step))


def _two_number_edges(turns: Turns) -> list[Arguments]:
    near = _near(_ints(turns))[:4]
    pairs = [(0, 0), (1, 0), (0, 1), (-1, 1), (7, -3), (-8, -5), (100, 9), (9, 100)]
    pairs += [(number, 0) for number in near] + [(0, number) for number in near]
    return list(dict.fromkeys([*pairs, *((number, number) for number in near[:2])]))


def _draw_list(rng: Random, turns: Turns) -> Arguments:
    length = rng.choice((rng.randint(1, 3), rng.randint(1, LONGEST)))
    numbers = [_number(rng, _ints(turns)) for _ in range(length)]
    if rng.randrange(3) == 0:  # ties
        numbers += rng.choices(numbers, k=rng.randint(1, 3))
    return (numbers,)


def _list_edges(turns: Turns) -> list[Arguments]:
    near = _near(_ints(turns))
    lists = [[], [0], near, near[::-1], [near[1]] * 3, [3, 1, 2, 3, 1], [-4, 4, -2, 2, 0], [*range(12, 0, -1)]]
    low, high = near[0], near[2]
    lists.append([high, high, low, low, high, low, high, high, high, low, low, low])  # runs of all lengths
    small = [[number] for number in near[:6]]
    small += [pair for number in near[:3] for pair in ([0, number], [number, 0], [1, number])]
    small += [[0, number] for number in near[3:6]]
    return [(numbers,) for numbers in lists + small]


def _draw_text(rng: Random, turns: Turns) -> Arguments:
    letters = (_letters(turns) or "ae") * 4 + _COMMON + _OTHER
    return ("".join(rng.choices(letters, k=rng.randint(1, 14))),)


def _text_edges(turns: Turns) -> list[Arguments]:
    letters = _letters(turns) or "ae"
    fixed = ("", " ", "a", "Abc", "hello World", "aab bcc", letters, letters * 2, letters.upper() + "b", letters[::-1])
    return [(text,) for text in dict.fromkeys([*fixed, *(letter * 2 for letter in letters)])]


def _draw_words(rng: Random, turns: Turns) -> Arguments:
    numbers = [number for number in _ints(turns) if 0 < number < 12] or [3]
    lengths = [max(0, rng.choice(numbers) + rng.choice((-1, 0, 1, rng.randint(-2, 4)))) for _ in range(6)]
    letters = (_letters(turns) or "a") * 2 + _COMMON + "BE"
    return (["".join(rng.choices(letters, k=length)) for length in lengths[: rng.randint(1, 6)]],)


def _words_edges(turns: Turns) -> list[Arguments]:
    by_length = ["abcdefghijklmn"[:length] for length in (3, 1, 5, 2, 4, 7, 6, 10)]
    return [([],), ([""],), (["a"],), (["Ab", "ba", "Ab"],), (by_length,), (["to", "be", "or", "not"],)]


NUMBER = Signature(
    namings=(("n",), ("num",), ("value",), ("x",)),
    turns=(3, 5, 10, 30),
    edges=_number_edges,
    draw=_draw_number,
)
"""One whole number of any size and sign."""
COUNT = Signature(
    namings=(("n",), ("num",), ("limit",), ("size",)), turns=(3, 5, 8, 12), edges=_count_edges, draw=_draw_count
)
"""One whole number from 0 to some dozens."""
TWO_NUMBERS = Signature(
    namings=(("a", "b"), ("m", "n"), ("p", "q"), ("u", "v")),
    turns=(2, 3, 5, 9),
    edges=_two_number_edges,
    draw=_draw_two_numbers,
)
LIST = Signature(
    namings=(("xs",), ("nums",), ("items",), ("row",)), turns=(2, 5, 9, 15), edges=_list_edges, draw=_draw_list
)
"""A list of whole numbers."""
TEXT = Signature(
    namings=(("s",), ("text",), ("line",), ("name",)), turns=tuple("abcdeimnorst"), edges=_text_edges, draw=_draw_text
)
WORDS = Signature(
    namings=(("words",), ("names",), ("parts",), ("ws",)), turns=(2, 4, "a", "e"), edges=_words_edges, draw=_draw_words
)
"""A list of strings."""


def inputs(signature: Signature, program: Program, rng: Random, *, num_drawn: int) -> list[Arguments]:
    """The edges, those of the program's own, then drawn inputs; no two alike."""
    fixed = [*signature.edges(program.turns), *program.also]
    every = fixed + [signature.draw(rng, program.turns) for _ in range(num_drawn)]
    return list({repr(arguments): arguments for arguments in every}.values())
