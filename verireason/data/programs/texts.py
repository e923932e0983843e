"""Families over strings and lists of strings."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations, permutations

from verireason.data.programs.program import Level, Program, ProgramFamily
from verireason.data.programs.signatures import TEXT, WORDS

_LETTERS = "abcdeimnorst"
_PAIRS = tuple("".join(pair) for pair in permutations("abeorst", 2))
_SETS = tuple("".join(letters) for letters in combinations("abeorst", 3))


def _occurrences(s: str, *, kind: str, pair: str) -> Program:
    one, two = pair[0], pair[1]
    sign, words = {"plus": ("+", "plus"), "minus": ("-", "minus"), "times": ("*", "times")}[kind]

    def reference(text: str) -> int:
        first, second = (sum(c == letter for c in text) for letter in pair)
        return first + second if kind == "plus" else first - second if kind == "minus" else first * second

    return Program(
        body=f'    return {s}.count("{one}") {sign} {s}.count("{two}")',
        reference=reference,
        returns=f'the number of times "{one}" occurs in {s}, {words} the number of times "{two}" does',
        terse=f"count of {one} {words} count of {two}",
        turns=(one, two),
    )


def _among(s: str, *, letters: str, inside: bool, use: str) -> Program:
    test = f'c in "{letters}"' if inside else f'c not in "{letters}"'
    listed = f"[c for c in {s} if {test}]"
    words = f'{"among" if inside else "not among"} the letters of "{letters}"'

    def reference(text: str) -> object:
        found = [c for c in text if (c in letters) == inside]
        return len(found) if use == "number" else len(set(found))

    return Program(
        body=f"    return len({listed})" if use == "number" else f"    return len(set({listed}))",
        reference=reference,
        returns=f"the number of {'' if use == 'number' else 'different '}characters of {s} that are {words}",
        terse=f"{'how many' if use == 'number' else 'how many different'} {'in' if inside else 'not in'} {letters}",
        turns=tuple(letters),
    )


def _places(s: str, *, letter: str, start: int, use: str) -> Program:
    listed = f'[i for i, c in enumerate({s}, {start}) if c == "{letter}"]'

    def reference(text: str) -> object:
        found = [start + i for i, c in enumerate(text) if c == letter]
        return {"list": found, "sum": sum(found), "last": found[-1] if found else -1}[use]

    code, words = {
        "list": (listed, "the list of the positions"),
        "sum": (f"sum({listed})", "the sum of the positions"),
        "last": (f"max({listed}, default=-1)", "the last, or -1 when there is none, of the positions"),
    }[use]
    return Program(
        body=f"    return {code}",
        reference=reference,
        returns=f'{words} in {s} at which "{letter}" stands, where the first position is {start}',
        terse=f"{use} of places of {letter} from {start}",
        turns=(letter,),
    )


LETTERS = ProgramFamily(
    name="letters",
    category="texts",
    levels={
        1: Level(signature=TEXT, axes={"kind": ("plus", "minus", "times"), "pair": _PAIRS}, make=_occurrences),
        2: Level(
            signature=TEXT,
            axes={"letters": _SETS, "inside": (True, False), "use": ("number", "different")},
            make=_among,
        ),
        3: Level(
            signature=TEXT,
            axes={"letter": tuple(_LETTERS), "start": range(4), "use": ("list", "sum", "last")},
            make=_places,
        ),
    },
)


_CASES: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "upper": (".upper()", "in upper case", str.upper),
    "lower": (".lower()", "in lower case", str.lower),
    "back": ("[::-1]", "reversed", lambda text: text[::-1]),
}


def _replaced(s: str, *, pair: str, then: str) -> Program:
    one, two = pair[0], pair[1]
    code, words, change = _CASES[then]
    return Program(
        body=f'    return {s}.replace("{one}", "{two}"){code}',
        reference=lambda text: change("".join(two if c == one else c for c in text)),
        returns=f'{s} with every "{one}" replaced by "{two}", and then the whole {words}',
        terse=f"{one} to {two}, {words}",
        turns=(one, two),
    )


def _without(s: str, *, letters: str, inside: bool, then: str) -> Program:
    code, words, change = _CASES[then]
    test = f'c in "{letters}"' if inside else f'c not in "{letters}"'
    return Program(
        body=f'    return "".join([c for c in {s} if {test}]){code}',
        reference=lambda text: change("".join(c for c in text if (c in letters) == inside)),
        returns=(
            f'the characters of {s} that are {"" if inside else "not "}among the letters of "{letters}", in order, as '
            f"one string, and then the whole {words}"
        ),
        terse=f"only {'' if inside else 'not '}{letters}, {words}",
        turns=tuple(letters),
    )


def _changed(s: str, *, letters: str, then: str, times: int) -> Program:
    code, words = {"upper": ("c.upper()", "its upper case"), "mark": ('"*"', 'a "*"'), "drop": ('""', "nothing")}[then]

    def reference(text: str) -> str:
        instead = {"upper": text.upper(), "mark": "*" * len(text), "drop": [""] * len(text)}[then]
        return "".join(new if c in letters else c * times for c, new in zip(text, instead, strict=True))

    body = f"""\
    parts = []
    for c in {s}:
        if c in "{letters}":
            parts.append({code})
        else:
            parts.append(c * {times})
    return "".join(parts)"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f'{s} with every character that is among the letters of "{letters}" replaced by {words} and every other '
            f"character written {times} times"
        ),
        terse=f"{letters} to {then}, others {times} times",
        turns=tuple(letters),
    )


REWRITE = ProgramFamily(
    name="rewrite",
    category="texts",
    levels={
        1: Level(signature=TEXT, axes={"pair": _PAIRS, "then": tuple(_CASES)}, make=_replaced),
        2: Level(
            signature=TEXT, axes={"letters": _SETS, "inside": (True, False), "then": tuple(_CASES)}, make=_without
        ),
        3: Level(
            signature=TEXT,
            axes={"letters": _SETS, "then": ("upper", "mark", "drop"), "times": (2, 3, 4)},
            make=_changed,
        ),
    },
)


_ORDERS: dict[str, tuple[str, str, Callable[[list[str]], list[str]]]] = {
    "forward": ("{words}", "in order", lambda v: v),
    "back": ("{words}[::-1]", "in reverse order", lambda v: v[::-1]),
    "sorted": ("sorted({words})", "in the order of sorted", sorted),
}
_MARKS = ("-", "_", "+", "/", ", ", " ", "=", ".")


def _joined(words: str, *, order: str, mark: str, case: str) -> Program:
    code, said, arrange = _ORDERS[order]
    end, cased, change = ("", "", str) if case == "as is" else _CASES[case]
    return Program(
        body=f'    return "{mark}".join({code.format(words=words)}){end}',
        reference=lambda values: change(mark.join(arrange(values))),
        returns=f'the strings of {words} {said} as one string, with "{mark}" between them'
        + (f", and then the whole {cased}" if cased else ""),
        terse=f'join with "{mark}" {said}' + (f", {cased}" if cased else ""),
    )


def _long(words: str, *, relation: str, k: int, use: str) -> Program:
    listed = f"[w for w in {words} if len(w) {relation} {k}]"
    said = {">": "longer than", "<": "shorter than", "==": "exactly as long as"}[relation]
    code, what = {
        "list": (listed, "the list of the strings"),
        "number": (f"len({listed})", "the number of strings"),
        "total": (f"sum([len(w) for w in {words} if len(w) {relation} {k}])", "the summed length of the strings"),
    }[use]

    def reference(values: list[str]) -> object:
        found = [w for w in values if {">": len(w) > k, "<": len(w) < k, "==": len(w) == k}[relation]]
        return {"list": found, "number": len(found), "total": sum(map(len, found))}[use]

    return Program(
        body=f"    return {code}",
        reference=reference,
        returns=f"{what} in {words} that are {said} {k} character{'s' if k > 1 else ''}",
        terse=f"{use} of words {said} {k}",
        turns=(k,),
    )


def _initials(words: str, *, letters: str, k: int) -> Program:
    def reference(values: list[str]) -> str:
        kept = [w for w in values if w and w[0] in letters]
        return "".join(w[:k] for w in kept)

    body = f"""\
    text = ""
    for w in {words}:
        if w and w[0] in "{letters}":
            text += w[:{k}]
    return text"""
    return Program(
        body=body,
        reference=reference,
        returns=(
            f"one string of the first {k} characters of every string in {words} that begins with one of the letters of "
            f'"{letters}", in order'
        ),
        terse=f"first {k} of words on {letters}",
        turns=(*letters, k, k + 1),
        note="A string that is shorter is taken whole.",
    )


WORDS_FAMILY = ProgramFamily(
    name="words",
    category="texts",
    levels={
        1: Level(
            signature=WORDS,
            axes={"order": tuple(_ORDERS), "mark": _MARKS, "case": ("as is", "upper", "lower")},
            make=_joined,
        ),
        2: Level(
            signature=WORDS,
            axes={"relation": (">", "<", "=="), "k": range(1, 9), "use": ("list", "number", "total")},
            make=_long,
        ),
        3: Level(signature=WORDS, axes={"letters": _SETS, "k": range(1, 5)}, make=_initials),
    },
)
