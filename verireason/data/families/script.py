"""Builds the input vectors of a testbench: directed steps and seeded random ones.

With a clock, one cycle is two vectors. The first is applied before the active edge and is what the design must act on.
The second is applied after it and is noise, so that a design which uses the other edge, or a latch, shows: a
synchronous reset may be in it (and must do nothing), an asynchronous one only where it is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from verireason.data.families.control import Control
from verireason.data.testbench import Port, Stimulus


class Script:
    """Collects the vectors of one testbench.

    Example:
        script.warm_up(); script.cycle(en=1, d=3); script.run(20, en=1); script.random_cycles(80, weights={"en": 0.8})
    """

    def __init__(self, *, ports: Sequence[Port], control: Control | None, rng: Random) -> None:
        self.rng = rng
        self.control = control
        clock = None if control is None else control.clock.name
        self.inputs = tuple(port for port in ports if not port.is_output and port.name != clock)
        self._names = frozenset(port.name for port in self.inputs)
        self._vectors: list[tuple[int, ...]] = []
        self._num_warmup = 0

    def stimulus(self) -> Stimulus:
        """What was collected so far."""
        return Stimulus(vectors=tuple(self._vectors), num_warmup=self._num_warmup)

    # Any design ---------------------------------------------------------------------------------------------------

    def apply(self, values: Mapping[str, int], *, noise: bool = False) -> None:
        """One vector; inputs that are not named keep their last value, or are random with `noise`."""
        assert self._names.issuperset(values), f"no input named {set(values) - self._names}"
        last = self._vectors[-1] if self._vectors else (0,) * len(self.inputs)
        vector = []
        for port, old in zip(self.inputs, last, strict=True):
            if port.name in values:
                old = values[port.name] & (1 << port.width) - 1
            elif noise:
                old = self.rng.getrandbits(port.width)
            vector.append(old)
        self._vectors.append(tuple(vector))

    def value(self, port: Port) -> int:
        """A random value for a port, its extremes more often than chance."""
        if port.width > 1 and self.rng.random() < 0.15:
            return self.rng.choice((0, (1 << port.width) - 1))
        return self.rng.getrandbits(port.width)

    # Without a clock ----------------------------------------------------------------------------------------------

    def cover(self, *, num_random: int = 160, specials: Sequence[Mapping[str, int]] = ()) -> None:
        """All input values when there are at most 256, and all changes from one to another when there are at most 16;
        else corners, neighbours and random ones. Then `specials` with the other inputs random, and single flips.
        """
        num_bits = sum(port.width for port in self.inputs)
        if num_bits <= 8:
            words = list(range(1 << num_bits))
            for _ in range(3 if num_bits == 5 else 2 if num_bits == 6 else 1):
                self.rng.shuffle(words)
                for word in _every_pair(words) if num_bits <= 4 else words:
                    self._apply_word(word)
        else:
            self._corners(num_bits)
            self._neighbours()
            for _ in range(num_random):
                self.apply({port.name: self.value(port) for port in self.inputs})
        for values in specials:
            self.apply(values, noise=True)
        self._flips(num_bits)

    def _apply_word(self, word: int) -> None:
        values = {}
        for port in self.inputs:
            values[port.name] = word & (1 << port.width) - 1
            word >>= port.width
        self.apply(values)

    def _corners(self, num_bits: int) -> None:
        ones = (1 << num_bits) - 1
        for word in (0, ones, ones // 3, ones - ones // 3, 0):
            self._apply_word(word)
        for place in range(num_bits):
            self._apply_word(1 << place)
            self._apply_word(ones ^ 1 << place)
        for _ in range(24):
            self.apply({port.name: self.rng.choice((0, (1 << port.width) - 1)) for port in self.inputs})

    def _neighbours(self) -> None:
        """Inputs of equal width close to each other: equality, borrows and ties."""
        for _ in range(32):
            base = self.rng.getrandbits(max(port.width for port in self.inputs))
            self.apply({port.name: base + self.rng.choice((-1, 0, 0, 1)) for port in self.inputs if port.width > 1})
            if self.rng.random() < 0.5:
                self.apply({port.name: self.rng.getrandbits(1) for port in self.inputs if port.width == 1})

    def _flips(self, num_bits: int) -> None:
        """One input bit at a time: an incomplete sensitivity list or a latch misses some of these."""
        for turn in range(max(48, 2 * num_bits)):
            place = turn % num_bits if turn < 2 * num_bits else self.rng.randrange(num_bits)
            values = dict(zip((port.name for port in self.inputs), self._vectors[-1], strict=True))
            for port in self.inputs:
                if place < port.width:
                    values[port.name] ^= 1 << place
                    break
                place -= port.width
            self.apply(values)

    # With a clock -------------------------------------------------------------------------------------------------

    def warm_up(self, num_cycles: int = 2, **values: int) -> None:
        """Brings the design to a known state, by reset or by `values`, without checks."""
        for _ in range(num_cycles):
            self.apply(self._reset(True) | values, noise=True)
            self.apply(self._reset(True) | values, noise=True)
        self._num_warmup = len(self._vectors)

    def cycle(self, **values: int) -> None:
        """One clock cycle without reset; inputs that are not named are random."""
        self.apply(self._reset(False) | values, noise=True)
        self._noise(asynchronous_reset=0.0)

    def run(self, num_cycles: int, **values: int) -> None:
        """The same inputs for several cycles."""
        for _ in range(num_cycles):
            self.cycle(**values)

    def random_cycles(
        self, num_cycles: int, *, weights: Mapping[str, float] | None = None, reset: float = 0.05
    ) -> None:
        """Random cycles; `weights` are the odds of a 1 for one-bit inputs, `reset` those of the reset."""
        weights = weights or {}
        reset_name = None if self.control is None else self.control.reset
        for _ in range(num_cycles):
            values = {port.name: self.value(port) for port in self.inputs if port.name != reset_name}
            values |= {name: int(self.rng.random() < odds) for name, odds in weights.items()}
            self.apply(values | self._reset(self.rng.random() < reset))
            self._noise(asynchronous_reset=reset / 2)

    def reset_checks(self, *, run: int = 3, **values: int) -> None:
        """Reset out of a running state: over an edge, only between edges, and with all other inputs low or high.

        Before each, the design runs for `run` cycles with `values`, which should take it away from its reset state.
        """
        if self.control is None or self.control.reset is None:
            return
        reset = self.control.reset
        low = {port.name: 0 for port in self.inputs if port.name != reset}
        high = {port.name: (1 << port.width) - 1 for port in self.inputs if port.name != reset}
        for others in (low, high, {}):
            self.run(run, **values)
            self.apply(others | self._reset(True), noise=True)
            self.apply(self._reset(True), noise=True)
            self.cycle()
            self.run(run, **values)
            # Asserted after the edge and gone before the next: an asynchronous reset acts, a synchronous one does not.
            self.apply(self._reset(False) | values, noise=True)
            self.apply(others | self._reset(True), noise=True)
            self.cycle()
        self.run(run, **values)
        # Released between edges: state stays until the next active edge.
        self.apply(self._reset(True), noise=True)
        self.apply(self._reset(False), noise=True)
        self.run(run, **values)

    def reset_after_edge(self, before: dict[str, int], during: dict[str, int]) -> None:
        """A cycle with `before` at its edge and reset, with `during`, behind the edge only."""
        self.apply(self._reset(False) | before, noise=True)
        self.apply(self._reset(True) | during, noise=True)

    def _reset(self, active: bool) -> dict[str, int]:
        if self.control is None or self.control.reset is None:
            return {}
        return {self.control.reset: int(active != self.control.active_low)}

    def _noise(self, *, asynchronous_reset: float) -> None:
        """The vector after the active edge."""
        asynchronous = self.control is not None and self.control.asynchronous
        odds = asynchronous_reset if asynchronous else 0.25
        self.apply(self._reset(self.rng.random() < odds), noise=True)


def _every_pair(words: Sequence[int]) -> list[int]:
    """The words in an order in which each comes right after every other once: where an output is latched, it shows.

    A de Bruijn sequence: the Lyndon words of length one and two, one after another.
    """
    order = []
    for place, word in enumerate(words):
        order.append(word)
        for other in words[place + 1 :]:
            order += [word, other]
    return [*order, words[0]]
