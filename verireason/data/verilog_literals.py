"""Verilog number literals one slip away from what they were."""

from __future__ import annotations

_RADIX = {"b": 2, "o": 8, "d": 10, "h": 16}


def changed_integer(digits: str) -> list[tuple[str, bool]]:
    """Neighbours of a plain number, each with whether it is off by one (else it is another value altogether).

    Example:
        changed_integer("9") == [("8", True), ("10", True)]
        changed_integer("0") == [("1", False)]
    """
    if not digits.replace("_", "").isdigit():
        return []
    value = int(digits.replace("_", ""))
    if value == 0:
        return [("1", False)]
    if value == 1:
        return [("0", False), ("2", True)]
    return [(str(value - 1), True), (str(value + 1), True)]


def changed_digits(*, size: str, base: str, digits: str) -> list[tuple[str, bool]]:
    """Other digits for a literal such as 4'b1010 (size "4", base "'b"), in the same base and number of digits.

    One and two's neighbours in the literal's width, and zero or all ones; for a literal with x, z or ? its first
    binary digit turned over. Empty when the literal is not understood.
    """
    radix = _RADIX.get(base[-1:].lower())
    plain = digits.replace("_", "")
    if radix is None or not plain:
        return []
    if any(digit in "xXzZ?" for digit in plain):
        return _turned_over(digits) if radix == 2 else []
    try:
        value = int(plain, radix)
    except ValueError:
        return []
    width = int(size) if size.isdigit() else 32
    top = (1 << width) - 1
    neighbours = [(value + step, True) for step in (-1, 1) if 0 <= value + step <= top] if width > 1 else []
    far = (top if value == 0 and width <= 64 else 0, False)
    found: list[tuple[int, bool]] = []
    for other, off_by_one in [*neighbours, far]:
        if other != value and other not in [seen for seen, _ in found]:
            found.append((other, off_by_one))
    return [(_in_base(other, radix, num_digits=len(plain)), off_by_one) for other, off_by_one in found]


def _in_base(value: int, radix: int, *, num_digits: int) -> str:
    form = {2: "b", 8: "o", 10: "d", 16: "x"}[radix]
    return f"{value:0{num_digits if radix != 10 else 1}{form}}"


def _turned_over(digits: str) -> list[tuple[str, bool]]:
    for index, digit in enumerate(digits):
        if digit in "01":
            return [(digits[:index] + ("1" if digit == "0" else "0") + digits[index + 1 :], False)]
    return []
