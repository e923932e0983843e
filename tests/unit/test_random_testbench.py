"""Testbenches made of a reference's ports: what is a clock, what a reset, and which inputs come when."""

from __future__ import annotations

from itertools import pairwise

import pytest

from verireason.data.loaded import LeftOut
from verireason.data.random_testbench import (
    MAX_BITS,
    MAX_NUMBERS,
    MAX_STEPS,
    NUM_ORDERS,
    Interface,
    Reset,
    find_interface,
    make_stimulus,
    numbers_in,
    random_testbench,
)
from verireason.data.testbench import Clock, Port

OUT = Port(name="q", width=4, is_output=True)


def ports(*names: str) -> list[Port]:
    return [*(Port(name=name) for name in names), OUT]


def test_an_asynchronous_reset_is_told_from_the_clock() -> None:
    found = find_interface(ports("clk", "rst_n"), "always @(posedge clk or negedge rst_n) if (!rst_n) q <= 0;")
    assert found.clock == Clock(name="clk", edge="posedge")
    assert found.resets == (Reset(name="rst_n", active=0, is_async=True),)


def test_a_synchronous_reset_is_known_by_its_name() -> None:
    source = "always @(negedge c) if (reset) q <= 0; // posedge d"
    found = find_interface(ports("c", "d", "reset", "nrst"), source)
    assert found.clock == Clock(name="c", edge="negedge")
    assert found.resets == (
        Reset(name="nrst", active=0, is_async=False), Reset(name="reset", active=1, is_async=False),
    )  # fmt: skip


def test_a_clock_that_only_a_submodule_waits_for_is_known_by_its_name() -> None:
    found = find_interface(
        ports("clock", "clock_en", "d"), "sub u(.c(clock)); module sub(input c); always @(posedge c);"
    )
    assert (found.clock, found.other_clocks) == (Clock(name="clock"), ("clock_en",))


def test_further_clocks_change_alone() -> None:
    source = "always @(posedge wr) m <= d; always @(posedge rd) q <= m; always @(posedge wr) n <= d;"
    found = find_interface(ports("wr", "rd", "d"), source)
    assert (found.clock, found.other_clocks) == (Clock(name="wr", edge="posedge"), ("rd",))
    vectors = make_stimulus(found, [Port(name="rd"), Port(name="d", width=8)], seed="s").vectors
    assert any(a[0] != b[0] for a, b in pairwise(vectors))
    assert not any(a[0] != b[0] and a[1] != b[1] for a, b in pairwise(vectors))


def test_few_inputs_without_a_clock_are_tried_in_full_in_several_orders() -> None:
    inputs = [Port(name="a", width=3), Port(name="b", width=2)]
    vectors = make_stimulus(Interface(ports=(*inputs, OUT), clock=None), inputs, seed="s").vectors
    rounds = [vectors[start : start + 32] for start in range(0, len(vectors), 32)]
    assert all(len(set(each)) == 32 for each in rounds)
    assert len(set(rounds)) == NUM_ORDERS


def test_the_first_sequence_begins_with_all_resets_and_releases_them() -> None:
    resets = (Reset(name="r", active=1, is_async=True), Reset(name="n", active=0, is_async=False))
    inputs = [Port(name="r"), Port(name="n"), Port(name="d", width=8)]
    interface = Interface(ports=(Port(name="clk"), *inputs, OUT), clock=Clock(name="clk"), resets=resets)
    vectors = make_stimulus(interface, inputs, seed="s").vectors
    assert [vector[:2] for vector in vectors[:6]] == [(1, 0)] * 5 + [(0, 1)]
    assert {vector[:2] for vector in vectors} == {(1, 0), (0, 1), (1, 1), (0, 0)}


def test_wide_inputs_get_fewer_steps_and_every_seed_its_own() -> None:
    def made(width: int, seed: str) -> tuple[tuple[int, ...], ...]:
        inputs = [Port(name="d", width=width)]
        return make_stimulus(Interface(ports=(*inputs, OUT), clock=Clock(name="c")), inputs, seed=seed).vectors

    assert len(made(16, "a")) == MAX_STEPS
    assert len(made(1000, "a")) == MAX_BITS // 1000
    assert made(16, "a") == made(16, "a") != made(16, "b")


def test_numbers_of_the_design_are_asked() -> None:
    source = "case (a) 16'hE0_6b: q = 1; 300: q = 2; 16'b1x00: q = 3; default: q = 4'd9; endcase // 16'h1234"
    assert numbers_in(source) == (16, 0xE06B, 300, 9)  # a size counts, too
    inputs = [Port(name="a", width=16)]
    interface = find_interface([*inputs, OUT], source)
    values = [vector[0] for vector in make_stimulus(interface, inputs, seed="s").vectors]
    assert all(values.count(number) > 20 for number in (0xE06B, 300))


@pytest.mark.parametrize("odd", ["'h", "'b2", "'d" + "9" * 5000, "9" * 5000, "12abc", "1.5", "'hxz"])
def test_odd_numbers_are_passed_over(odd: str) -> None:
    assert numbers_in(f"a = {odd};") == ()


def test_of_very_many_numbers_the_first_are_asked_for() -> None:
    assert len(numbers_in(" ".join(map(str, range(5000))))) == MAX_NUMBERS


def test_ports_that_leave_nothing_to_ask_are_left_out() -> None:
    for listed in ((OUT,), (Port(name="clk"), OUT), (Port(name="d"),)):
        with pytest.raises(LeftOut):
            random_testbench(Interface(ports=listed, clock=Clock(name="clk")), seed="s", top="t")
