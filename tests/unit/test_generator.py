"""The task generator: determinism, splits, ids, prompts and the size of the spaces. No tools."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from itertools import islice
from random import Random

import pytest

from sim.hdl.testbench import EVIDENCE, REFERENCE_TOP
from verireason.data.families.prompt import LAYOUTS
from verireason.data.families.table import FAMILIES
from verireason.data.generator import HELDOUT_FAMILIES, families_table, generate, make_problem, split_of
from verireason.data.streams import SPLITS, Params
from verireason.errors import UserError
from verireason.problem import Problem

CELLS = [(name, level) for name, family in FAMILIES.items() for level in family.levels]
TRAINED_CELLS = [(name, level) for name, level in CELLS if name not in HELDOUT_FAMILIES]


def take(num: int, *, name: str, level: int, split: str | None = None, phrasing: str = "full") -> list[Problem]:
    split = split or ("heldout-family" if name in HELDOUT_FAMILIES else "train")
    return list(generate(seed=1, split=split, num=num, families=[name], levels=[level], phrasing=phrasing))


def random_points(name: str, level: int, num: int) -> list[Params]:
    family, rng = FAMILIES[name], Random(f"{name}/{level}")
    size = family.num_points(level)
    drawn = (family.point(level, rng.randrange(size)) for _ in range(200 * num))
    return list(islice((params for params in drawn if params is not None), num))


def circuits(name: str, problems: list[Problem]) -> set[str]:
    """The circuits behind some problems of level 1, found again by their ids."""
    family = FAMILIES[name]
    points = (family.point(1, index) for index in range(family.num_points(1)))
    by_id = {f"gen-{name}-l1-{family.digest(params)}": family.circuit(params) for params in points if params}
    return {by_id[problem.id] for problem in problems}


@pytest.mark.parametrize("split", SPLITS)
def test_equal_arguments_give_equal_problems(split: str) -> None:
    first = list(generate(seed=5, split=split, num=60))
    assert first == list(generate(seed=5, split=split, num=60))


def test_problems_do_not_depend_on_how_many_are_drawn() -> None:
    few = list(generate(seed=5, split="train", num=30))
    assert few == list(islice(generate(seed=5, split="train"), 30))
    assert few == list(generate(seed=5, split="train", num=90))[:30]


def test_another_seed_gives_other_problems() -> None:
    first, second = ({problem.id for problem in generate(seed=seed, split="train", num=100)} for seed in (1, 2))
    assert len(first & second) < 20


def test_hash_randomisation_changes_nothing() -> None:
    program = (
        "from verireason.data.generator import generate\n"
        "print([(p.id, hash_of(p)) for p in generate(seed=3, split='heldout', num=50)])"
    )
    program = "import hashlib\nhash_of = lambda p: hashlib.sha256(repr(p).encode()).hexdigest()\n" + program
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_every_family_and_level_produces(name: str, level: int) -> None:
    for problem in take(5, name=name, level=level):
        assert problem.category == name
        assert problem.difficulty == level
        assert problem.benchmark == "generated"
        assert problem.licence == "Apache-2.0"
        assert problem.id.startswith(f"gen-{name}-l{level}-")


@pytest.mark.parametrize(("name", "level"), TRAINED_CELLS)
def test_every_level_has_circuits_on_both_sides(name: str, level: int) -> None:
    shares = Counter(split_of(FAMILIES[name], params) for params in random_points(name, level, 400))
    assert set(shares) == {"train", "heldout"}
    assert 0.05 < shares["heldout"] / shares.total() < 0.4


@pytest.mark.parametrize("name", ["gates", "arbiter", "register", "sequence_detector"])
def test_no_circuit_is_in_two_splits(name: str) -> None:
    train, heldout = (
        circuits(name, list(generate(seed=1, split=split, num=400, families=[name], levels=[1])))
        for split in ("train", "heldout")
    )
    assert train
    assert heldout
    assert not train & heldout


@pytest.mark.parametrize(("name", "level"), TRAINED_CELLS)
def test_renaming_ports_does_not_change_the_split(name: str, level: int) -> None:
    family, rng = FAMILIES[name], Random(f"{name}/{level}")
    names = family.levels[level].names
    for params in random_points(name, level, 40):
        renamed = {**params, **{axis: rng.choice(values) for axis, values in names.items()}}
        assert family.circuit(renamed) == family.circuit(params)
        assert split_of(family, renamed) == split_of(family, params)


def test_expressions_equal_up_to_names_are_one_circuit() -> None:
    family = FAMILIES["expression"]
    points = {**random_points("expression", 1, 1)[0], "ops": ("and", "or"), "invert": 0}
    # (a & b) | c with the first operand inverted, and with the second.
    assert family.circuit({**points, "invert": 1}) == family.circuit({**points, "invert": 2})
    assert family.circuit({**points, "invert": 1}) != family.circuit({**points, "invert": 4})


def test_machines_equal_up_to_state_names_are_one_circuit() -> None:
    family = FAMILIES["fsm"]
    point = {**random_points("fsm", 2, 1)[0], "reset": "sync high", "edge": "posedge"}
    # A: B C, B: A A, C: B B (out 1) and the same with B and C exchanged.
    table, exchanged = (1, 2, 0, 0, 1, 1), (2, 1, 2, 2, 0, 0)
    codes = [sum(state * 3**place for place, state in enumerate(moves)) for moves in (table, exchanged)]
    one, two = ({**point, "next": code, "outs": outs} for code, outs in zip(codes, (4, 2), strict=True))
    assert family.circuit(one) == family.circuit(two)


def test_held_out_families_are_in_their_split_only() -> None:
    for split in ("train", "heldout"):
        assert not HELDOUT_FAMILIES & {problem.category for problem in generate(seed=2, split=split, num=200)}
    assert {problem.category for problem in generate(seed=2, split="heldout-family", num=50)} == HELDOUT_FAMILIES


def test_ids_do_not_repeat_while_the_space_lasts() -> None:
    problems = list(generate(seed=4, split="train", num=1500))
    assert len({problem.id for problem in problems}) == 1500


def test_a_space_that_is_used_up_starts_again_with_the_same_ids() -> None:
    family = FAMILIES["round_robin"]
    points = (family.point(2, index) for index in range(family.num_points(2)))
    space = sum(params is not None and split_of(family, params) == "heldout" for params in points)
    drawn = generate(seed=1, split="heldout", num=2 * space, families=["round_robin"], levels=[2])
    ids = [problem.id for problem in drawn]
    assert len(set(ids[:space])) == space
    assert ids[:space] != ids[space:]
    assert sorted(ids[:space]) == sorted(ids[space:])


def test_equal_parameters_give_the_same_id_and_testbench() -> None:
    terse = {problem.id: problem for problem in take(40, name="register", level=1, phrasing="terse")}
    full = {problem.id: problem for problem in take(40, name="register", level=1)}
    assert terse.keys() == full.keys()
    assert all(terse[id].spec == full[id].spec and terse[id].prompt != full[id].prompt for id in terse)


def test_rounds_go_through_all_families() -> None:
    num = len(FAMILIES) - len(HELDOUT_FAMILIES)
    counts = Counter(problem.category for problem in generate(seed=9, split="train", num=3 * num))
    assert set(counts.values()) == {3}


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_number_of_checks_is_what_the_testbench_makes(name: str, level: int) -> None:
    for problem in take(3, name=name, level=level):
        text = problem.spec.testbench
        steps, warm_up = re.search(r"step < (\d+);", text), re.search(r"step >= (\d+)\)", text)
        assert steps is not None
        assert warm_up is not None
        assert problem.spec.num_checks == int(steps[1]) - int(warm_up[1])
        assert problem.spec.num_checks >= 40


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_golden_and_reference_differ_in_the_name_alone(name: str, level: int) -> None:
    for problem in take(2, name=name, level=level):
        assert problem.spec.top == "top_module"
        assert problem.golden.replace("module top_module(", f"module {REFERENCE_TOP}(") == problem.spec.reference
        assert f"{EVIDENCE} Mismatches:" in problem.spec.testbench


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_prompts_name_the_module_and_every_port(name: str, level: int) -> None:
    family = FAMILIES[name]
    for params in random_points(name, level, 3):
        design = family.make(params)
        for wording in range(len(design.wordings)):
            for layout in range(len(LAYOUTS)):
                prompt = make_problem(
                    family, level=level, params=params, split="train", phrasing="full", wording=wording, layout=layout
                ).prompt
                assert "top_module" in prompt
                assert all(re.search(rf"\b{port.name}\b", prompt) for port in design.ports)


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_full_phrasings_state_clock_and_reset(name: str, level: int) -> None:
    family = FAMILIES[name]
    for params in random_points(name, level, 3):
        design = family.make(params)
        if design.control is None:
            continue
        for wording in range(3):
            prompt = make_problem(
                family, level=level, params=params, split="train", phrasing="full", wording=wording
            ).prompt
            edge = "posedge|rising|positive" if design.control.clock.edge == "posedge" else "negedge|falling|negative"
            assert re.search(edge, prompt)
            if design.control.reset is not None:
                assert ("asynchronous" in prompt) == design.control.asynchronous
                assert re.search("active.low" if design.control.active_low else "active.high", prompt)


def test_phrasings_are_at_least_three_different_ones() -> None:
    for name, level in CELLS:
        design = FAMILIES[name].make(random_points(name, level, 1)[0])
        assert len(set(design.wordings)) >= 3, name


def test_terse_prompt_is_one_line_with_the_header_of_the_golden() -> None:
    for problem in generate(seed=3, split="train", num=120, phrasing="terse"):
        assert problem.prompt.count("\n") == 1
        header, _, behaviour = problem.prompt.partition("): ")
        assert problem.golden.startswith(header + ");\n")
        assert behaviour.strip()


def test_the_table_lists_every_level_with_hundreds_of_tasks_at_level_one() -> None:
    rows = families_table()
    assert all(row.num_tasks >= 300 for row in rows if row.level == 1)
    assert len({row.name for row in rows}) >= 26
    assert {(row.name, row.level) for row in rows} == set(CELLS)
    assert {row.name for row in rows if row.held_out} == HELDOUT_FAMILIES


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"split": "test"}, "unknown split 'test'; give one of train, heldout, heldout-family"),
        ({"phrasing": "long"}, "unknown phrasing 'long'; give one of full, terse"),
        ({"families": ["mux", "mxu"]}, "unknown family 'mxu'"),
        ({"levels": [0]}, "unknown level '0'; give one of 1, 2, 3"),
        ({"families": ["minmax"]}, "no family left for split train"),
        ({"families": ["pwm"], "levels": [1]}, "no family left for split train"),
    ],
)
def test_a_bad_choice_is_one_line_for_the_user(choice: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"seed": 1, "split": "train", "num": 1, **choice}
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        generate(**arguments)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
