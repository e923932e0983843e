"""A testbench for a design of which only its reference is known: random inputs to both, all outputs compared.

As CodeV-R1's published generator does, for every design alike: sequences of random inputs, each begun by one of the
resets or some of them together, the reference beside the candidate. Unlike there:

* a bit that is x in the reference is not compared (VerilogEval's rule); published, it must be x in the candidate, too;
* inputs are not only uniform: they are also held, all zeros or ones, small, one-hot, or a number that stands in the
  reference, and a one-bit input is at times rare; up to 9 bits of input without a clock are tried in full;
* there are some thousand steps at most where the published one takes 100,000 for each reset: what a deep counter does
  late is not seen;
* only one thing that state may depend on changes at a time: data, a further clock, or an asynchronous reset.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from random import Random

from verireason.data.loaded import LeftOut
from verireason.data.own_names import tokens
from verireason.data.testbench import Clock, Port, Stimulus, build_testbench

MAX_STEPS = 2400
MAX_BITS = 400_000
"""Of all input vectors together: they stand in the testbench's text."""
EXHAUSTIVE_BITS = 9
NUM_ORDERS = 4
_LENGTHS = (40, 40, 100, 300)
"""Steps of a sequence, in turn; two steps are a clock's period."""
_RESET_STEPS = 4
_SMALL = 8
"""Values below come often by themselves."""
MAX_NUMBERS = 1000
_NUMBER = re.compile(r"(?:'[sS]?(?P<base>[bodhBODH])\s*)?(?P<digits>[0-9a-fA-F]{1,300})")
_BASES = {"b": 2, "o": 8, "d": 10, "h": 16}
_CLOCK_NAME = re.compile(r"cl(oc)?k", re.IGNORECASE)
_RESET_NAME = re.compile(r"rst|reset|clr|clear", re.IGNORECASE)
_ACTIVE_LOW = re.compile(r"(?:_?n|_b|_l|_bar|_low)$|^n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """An input that puts a design into its first state."""

    name: str
    active: int
    """0 or 1."""
    is_async: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What a testbench has to know of a design."""

    ports: tuple[Port, ...]
    clock: Clock | None
    other_clocks: tuple[str, ...] = ()
    resets: tuple[Reset, ...] = ()
    numbers: tuple[int, ...] = ()
    """That stand in the design: what it may ask its inputs for."""


def find_interface(ports: Sequence[Port], source: str) -> Interface:
    """Clocks and resets among the ports, by the edges that the design's `always` wait for, and by names.

    A signal that is waited for alone somewhere, or is named like a clock, is a clock; the others of a list are
    asynchronous resets. Further one-bit inputs that are named like a reset are synchronous ones, and those that are
    named like a clock may be one under another name further down.
    """
    inputs = {port.name for port in ports if not port.is_output and port.width == 1}
    clocks: Counter[tuple[str, str]] = Counter()
    resets: dict[str, Reset] = {}
    for listed in _edge_lists(source):
        edges = [(name, edge) for name, edge in listed if name in inputs]
        for name, edge in edges:
            if len(edges) == 1 or _CLOCK_NAME.search(name):
                clocks[name, edge] += 1
            else:
                resets[name] = Reset(name=name, active=int(edge == "posedge"), is_async=True)
    order = [found for found, _ in clocks.most_common()]
    for name in sorted(inputs - resets.keys() - {name for name, _ in order}):
        if _RESET_NAME.search(name):
            resets[name] = Reset(name=name, active=int(not _ACTIVE_LOW.search(name)), is_async=False)
    rest = sorted(inputs - resets.keys() - {name for name, _ in order}, key=lambda name: (len(name), name))
    order += [(name, "posedge") for name in rest if _CLOCK_NAME.search(name)]
    main = Clock(name=order[0][0], edge=order[0][1]) if order else None
    others = dict.fromkeys(name for name, _ in order if main is not None and name != main.name)
    known = tuple(reset for name, reset in resets.items() if name not in {name for name, _ in order})
    return Interface(
        ports=tuple(ports), clock=main, other_clocks=tuple(others), resets=known, numbers=numbers_in(source)
    )


def numbers_in(source: str) -> tuple[int, ...]:
    """The first MAX_NUMBERS numbers from 8 that the text holds, each once.

    Those with unknown digits or very many are passed over.
    """
    found: dict[int, None] = {}
    for match in tokens(source):
        number = _NUMBER.fullmatch((match["number"] or "").replace("_", ""))
        if number is None:
            continue
        base = _BASES[(number["base"] or "d").lower()]
        digits = number["digits"]
        try:
            value = int(digits, base)
        except ValueError:  # a digit that the base has not
            continue
        if value >= _SMALL:
            found[value] = None
        if len(found) == MAX_NUMBERS:
            break
    return tuple(found)


def _edge_lists(source: str) -> Iterator[list[tuple[str, str]]]:
    """Each list of edges, `(posedge a or negedge b)`, as (name, edge)."""
    listed: list[tuple[str, str]] = []
    edge: str | None = None
    for match in tokens(source):
        word = match["name"]
        if word is None or match["dot"]:
            continue
        if edge is not None:
            listed.append((word, edge))
            edge = None
        elif word in ("posedge", "negedge"):
            edge = word
        elif word != "or" and listed:
            yield listed
            listed = []
    if listed:
        yield listed


def random_testbench(interface: Interface, *, seed: str, top: str, num_others: int = 0) -> tuple[str, int]:
    """The testbench's text and its number of checks; `num_others` references may be equalled instead of the first.

    LeftOut for ports that leave nothing to ask or to see.
    """
    inputs = [port for port in interface.ports if not port.is_output and not _is_clock(port, interface)]
    if not inputs or not any(port.is_output for port in interface.ports):
        raise LeftOut("it has no input beside a clock, or no output")
    stimulus = make_stimulus(interface, inputs, seed=seed)
    text = build_testbench(
        ports=interface.ports, clock=interface.clock, stimulus=stimulus, top=top,
        known_only=True, num_others=num_others,
    )  # fmt: skip
    return text, stimulus.num_checks


def _is_clock(port: Port, interface: Interface) -> bool:
    return interface.clock is not None and port.name == interface.clock.name


def make_stimulus(interface: Interface, inputs: Sequence[Port], *, seed: str) -> Stimulus:
    """The vectors, the same for the same seed."""
    rng = Random(seed)
    num_bits = sum(port.width for port in inputs)
    num_steps = max(100, min(MAX_STEPS, MAX_BITS // num_bits))
    alone = {*interface.other_clocks, *(reset.name for reset in interface.resets if reset.is_async)}
    if interface.clock is None and not alone and num_bits <= EXHAUSTIVE_BITS:
        every = list(product(*(range(1 << port.width) for port in inputs)))
        # In several orders: a latch where there should be none is seen only by what came before.
        return Stimulus(vectors=tuple(vector for _ in range(NUM_ORDERS) for vector in rng.sample(every, len(every))))
    vectors: list[tuple[int, ...]] = []
    last = {port.name: 0 for port in inputs}
    for length, active in zip(_lengths(num_steps), _reset_choices(interface.resets, rng), strict=False):
        steps = list(_sequence(interface, inputs, last, active, length, rng))
        vectors += [tuple(values[port.name] for port in inputs) for values in steps]
        last = steps[-1]
    return Stimulus(vectors=tuple(vectors[:num_steps]))


def _lengths(num_steps: int) -> Iterator[int]:
    while num_steps > 0:
        for length in _LENGTHS:
            yield length
            num_steps -= length


def _reset_choices(resets: Sequence[Reset], rng: Random) -> Iterator[frozenset[str]]:
    """Which resets begin the sequences: all, then each set of one or two, then any."""
    names = [reset.name for reset in resets]
    yield frozenset(names)
    for size in (1, 2):
        yield from (frozenset(some) for some in combinations(names, size))
    while True:
        yield frozenset(name for name in names if rng.random() < 0.7)


def _sequence(
    interface: Interface,
    inputs: Sequence[Port],
    before: dict[str, int],
    active: frozenset[str],
    length: int,
    rng: Random,
) -> Iterator[dict[str, int]]:
    """The inputs of one sequence, step by step."""
    resets = {reset.name: reset for reset in interface.resets}
    idle = {name: 1 - reset.active for name, reset in resets.items()}
    asserted = {name: resets[name].active for name in active}
    free = [port for port in inputs if port.name not in resets and port.name not in interface.other_clocks]
    rare = {port.name: rng.choice((0.5, 0.5, 0.1, 0.9)) for port in free}
    asked = {port.name: [value for value in interface.numbers if value < 1 << port.width] for port in free}
    values = {**before, **idle, **asserted}
    yield values
    for step in range(length):
        releases = step == _RESET_STEPS and asserted
        pulse = rng.choice(interface.resets) if interface.resets and rng.random() < 0.02 else None
        if releases:
            values = {**values, **idle}
        elif pulse is not None and step > _RESET_STEPS:
            yield {**values, pulse.name: pulse.active}
            values = {**values, pulse.name: 1 - pulse.active}
        elif interface.other_clocks and rng.random() < 0.5:
            clock = rng.choice(interface.other_clocks)
            values = {**values, clock: 1 - values[clock]}
        else:
            drawn = {
                port.name: _value(port, values[port.name], rare[port.name], asked[port.name], rng) for port in free
            }
            values = {**values, **drawn}
        yield values


def _value(port: Port, held: int, ones: float, asked: Sequence[int], rng: Random) -> int:
    """A value for one input; `ones` is how often a one-bit input is 1, `asked` are the numbers it may be asked for."""
    if port.width == 1:
        return int(rng.random() < ones)
    full = (1 << port.width) - 1
    kind = rng.random()
    if kind < 0.55:
        return rng.getrandbits(port.width)
    if kind < 0.7:
        return held
    if asked and kind < 0.9:
        return rng.choice(asked)
    return rng.choice((0, full, rng.randrange(_SMALL) & full, 1 << rng.randrange(port.width)))
