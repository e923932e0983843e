"""Generated programming tasks: determinism, splits, tests, prompts, faults. No tools: no golden runs here."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from itertools import islice
from random import Random

import pytest

from sim.inbox.values import decode
from sim.python.suite import read_suite
from verireason.data.corpus import faulty_corpus
from verireason.data.mutate import mutants, mutate
from verireason.data.programs.faults import PYTHON, syntax_slip
from verireason.data.programs.generator import (
    HELDOUT_PROGRAM_FAMILIES,
    generate_programs,
    make_program_problem,
    make_suite,
    more_tests,
    program_split_of,
)
from verireason.data.programs.places import find_program_places
from verireason.data.programs.program import ENTRY
from verireason.data.programs.prompt import PROGRAM_LAYOUTS
from verireason.data.programs.table import PROGRAM_FAMILIES
from verireason.data.streams import SPLITS, Params
from verireason.errors import UserError
from verireason.problem import Problem

CELLS = [(name, level) for name, family in PROGRAM_FAMILIES.items() for level in family.levels]
TRAINED_CELLS = [(name, level) for name, level in CELLS if name not in HELDOUT_PROGRAM_FAMILIES]


def take(num: int, *, name: str, level: int, phrasing: str = "full") -> list[Problem]:
    split = "heldout-family" if name in HELDOUT_PROGRAM_FAMILIES else "train"
    return list(generate_programs(seed=1, split=split, num=num, families=[name], levels=[level], phrasing=phrasing))


@cache
def points(name: str, level: int) -> list[Params]:
    """Every point of a level under its first names."""
    family = PROGRAM_FAMILIES[name]
    first = family.levels[level].signature.namings[0]
    found = (family.point(level, index) for index in range(family.num_points(level)))
    return [params for params in found if params is not None and params["names"] == first]


def some_points(name: str, level: int, num: int) -> list[Params]:
    every = points(name, level)
    return Random(f"{name}/{level}").sample(every, min(num, len(every)))


@pytest.mark.parametrize("split", SPLITS)
def test_equal_arguments_give_equal_problems(split: str) -> None:
    first = list(generate_programs(seed=5, split=split, num=40))
    assert first == list(generate_programs(seed=5, split=split, num=40))


def test_problems_do_not_depend_on_how_many_are_drawn() -> None:
    few = list(generate_programs(seed=5, split="train", num=30))
    assert few == list(islice(generate_programs(seed=5, split="train"), 30))


def test_another_seed_gives_other_problems() -> None:
    first, second = ({each.id for each in generate_programs(seed=seed, split="train", num=100)} for seed in (1, 2))
    assert len(first & second) < 20


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_every_family_and_level_produces(name: str, level: int) -> None:
    for problem in take(4, name=name, level=level):
        assert (problem.category, problem.difficulty) == (name, level)
        assert (problem.benchmark, problem.language) == ("generated-python", "python")
        assert re.fullmatch(rf"py-{name}-l{level}-[0-9a-f]{{10}}", problem.id)
        assert problem.spec.top == ENTRY
        assert problem.spec.num_checks == len(read_suite(problem.spec.testbench).calls) >= 12


@pytest.mark.parametrize(("name", "level"), TRAINED_CELLS)
def test_every_level_has_functions_on_both_sides(name: str, level: int) -> None:
    family = PROGRAM_FAMILIES[name]
    shares = Counter(program_split_of(family, level, params) for params in some_points(name, level, 120))
    assert set(shares) == {"train", "heldout"}
    assert 0.05 < shares["heldout"] / shares.total() < 0.4


def test_no_function_is_in_two_splits() -> None:
    splits: dict[str, set[str]] = {}
    for name, level in TRAINED_CELLS:
        family = PROGRAM_FAMILIES[name]
        for params in some_points(name, level, 40):
            split = program_split_of(family, level, params)
            splits.setdefault(family.function(level, params), set()).add(split)
    assert all(len(found) == 1 for found in splits.values())


def test_two_ways_to_say_one_function_are_one_function() -> None:
    count = PROGRAM_FAMILIES["count"]
    above, at_least, below = ({"names": ("xs",), "test": test} for test in (("above", 3), ("from", 4), ("below", 4)))
    assert count.function(1, above) == count.function(1, at_least) != count.function(1, below)


def test_names_of_arguments_change_neither_function_nor_tests() -> None:
    family = PROGRAM_FAMILIES["slice"]
    params = points("slice", 1)[0]
    renamed = {**params, "names": ("items",)}
    assert family.function(1, params) == family.function(1, renamed)
    assert make_suite(family, level=1, params=params) == make_suite(family, level=1, params=renamed)
    assert family.digest(1, params) != family.digest(1, renamed)


def test_held_out_families_are_in_their_split_only() -> None:
    for split in ("train", "heldout"):
        found = {problem.category for problem in generate_programs(seed=2, split=split, num=60)}
        assert not HELDOUT_PROGRAM_FAMILIES & found
    found = {problem.category for problem in generate_programs(seed=2, split="heldout-family", num=20)}
    assert found == HELDOUT_PROGRAM_FAMILIES


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_no_task_is_a_constant(name: str, level: int) -> None:
    family = PROGRAM_FAMILIES[name]
    for params in some_points(name, level, 20):
        answers = {test.expected for test in make_suite(family, level=level, params=params).calls}
        assert len(answers) > 1, params


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_expected_answers_are_those_of_the_reference(name: str, level: int) -> None:
    family = PROGRAM_FAMILIES[name]
    params = some_points(name, level, 1)[0]
    program = family.program(level, params)
    for test in make_suite(family, level=level, params=params).calls:
        assert test.expected is not None
        assert decode(test.expected) == program.reference(*decode(test.args))


def test_more_tests_hold_the_problems_own() -> None:
    problem = next(generate_programs(seed=3, split="train"))
    own, more = (read_suite(text).calls for text in (problem.spec.testbench, more_tests(problem, num_drawn=200)))
    assert more[: len(own)] == own
    assert len(more) > len(own) + 50


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_goldens_are_one_function_of_that_header(name: str, level: int) -> None:
    for problem in take(3, name=name, level=level):
        tree = ast.parse(problem.golden)
        assert [type(node) for node in tree.body] == [ast.FunctionDef]
        assert problem.golden.startswith(f"def {ENTRY}(")
        assert all(len(line) <= 100 and "\t" not in line for line in problem.golden.splitlines())


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_prompts_name_the_function_and_every_argument(name: str, level: int) -> None:
    family = PROGRAM_FAMILIES[name]
    params = some_points(name, level, 1)[0]
    prompts = {
        make_program_problem(
            family, level=level, params=params, split="train", phrasing="full", wording=wording, layout=layout
        ).prompt
        for wording in range(3)
        for layout in range(len(PROGRAM_LAYOUTS))
    }
    assert len(prompts) == 9
    for prompt in prompts:
        assert all(re.search(rf"\b{word}\b", prompt) for word in (ENTRY, *params["names"]))


def test_a_terse_prompt_is_the_header_of_the_golden_and_a_few_words() -> None:
    for problem in generate_programs(seed=3, split="train", num=100, phrasing="terse"):
        assert problem.prompt.count("\n") == 1
        header, _, words = problem.prompt.partition("): ")
        assert problem.golden.startswith(header + "):\n")
        assert words.strip()


def test_equal_tasks_have_equal_words_and_tests_when_terse() -> None:
    texts: dict[str, Problem] = {}
    for problem in generate_programs(seed=3, split="train", num=600, phrasing="terse", levels=[1], families=["order"]):
        assert texts.setdefault(problem.id, problem) == problem
    assert len(texts) < 300


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"split": "test"}, "unknown split 'test'; give one of train, heldout, heldout-family"),
        ({"families": ["kount"]}, "unknown family 'kount'"),
        ({"families": ["gaps"]}, "no family left for split train"),
        ({"families": ["recurrence"], "levels": [1]}, "no family left for split train"),
        ({"phrasing": "long"}, "unknown phrasing 'long'; give one of full, terse"),
    ],
)
def test_a_bad_choice_is_one_line_for_the_user(choice: dict[str, object], message: str) -> None:
    arguments: dict[str, object] = {"seed": 1, "split": "train", "num": 1, **choice}
    with pytest.raises(UserError, match=re.escape(message)):
        list(generate_programs(**arguments))  # type: ignore[arg-type]


SOURCE = '''\
def solve(xs, k):
    """Text that is left alone: 3 < 4."""
    total = 0
    for i, x in enumerate(xs[1:]):
        if (x - k) % 3 == 0 and x not in (1, 2):
            total += sum([abs(x) for c in "ab"][::-1])
    return max(-total, min(k, default=3)) if k else list(range(k, len(xs) + 1))
'''


def changes(source: str) -> set[str]:
    return {place.what for place in find_program_places(source)}


@pytest.mark.parametrize(
    "change",
    [
        "`-` became `+`",
        "`(x - k) % 3` became `3 % (x - k)`",
        "`==` became `!=`",
        "`and` became `or`",
        "`not in` became `in`",
        "`3` became `4`",
        '`"ab"` became `"abx"`',
        '`[abs(x) for c in "ab"][::-1]` became `[abs(x) for c in "ab"]`',
        "`max` became `min`",
        "`-total` became `total`",
        "`len(xs) + 1` became `len(xs)`",
        "`k` and `len(xs) + 1` changed places",
        "`k` became `xs`",
        "`abs(x)` became `x`",
        '`total += sum([abs(x) for c in "ab"][::-1])` became `pass`',
        "`(x - k) % 3 == 0 and x not in (1, 2)` became `not ((x - k) % 3 == 0 and x not in (1, 2))`",
        "`max(-total, min(k, default=3))` and `list(range(k, len(xs) + 1))` changed places",
    ],
)
def test_a_program_can_be_changed(change: str) -> None:
    assert change in changes(SOURCE)


def test_what_is_no_code_is_left_alone() -> None:
    assert not any("3 < 4" in change for change in changes(SOURCE))


@pytest.mark.parametrize(("name", "level"), CELLS)
def test_mutants_parse_and_differ(name: str, level: int) -> None:
    for problem in take(2, name=name, level=level):
        found = mutants(problem.golden, rng=None, find=find_program_places)
        assert len(found) >= 2
        for mutant in found:
            assert ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(problem.golden))


def test_a_place_behind_letters_of_several_bytes_is_found() -> None:
    source = 'def solve(s):\n    return s.count("é") - 1\n'
    sources = {mutate(source, [place]).source for place in find_program_places(source)}
    assert 'def solve(s):\n    return s.count("é") + 1\n' in sources


@pytest.mark.parametrize(
    ("body", "habit", "after"),
    [
        ("return [x for x in xs if x > 3]", "bound_taken_in", "if x >= 3]"),
        ("return list(range(2, n + 1))", "range_ends_early", "range(2, n))"),
        ("return max(2, min(n, 9))", "min_for_max", "min(2, min(n, 9))"),
        ("return sorted(xs, reverse=True)", "order_forgotten", "sorted(xs, reverse=False)"),
        ("return s[::-1].upper()", "order_forgotten", "return s.upper()"),
        ("return xs[2:5]", "slice_too_far", "xs[3:6]"),
        ("return n % 3 == 1", "quotient_for_rest", "n // 3 == 1"),
        ("return n // 3", "division_not_floored", "n / 3"),
        ("return a - 2 * b - 1", "minus_as_plus", "a + 2 * b + 1"),
        ("return all([x == 3 for x in xs])", "any_for_all", "any(["),
    ],
)
def test_a_construct_has_its_habit(body: str, habit: str, after: str) -> None:
    found = PYTHON.habitual(f"def solve(xs):\n    {body}\n")
    assert found is not None
    assert (found[0].name, after in found[1].source) == (habit, True), found[1].source


def test_a_program_without_such_a_construct_has_no_habit() -> None:
    assert PYTHON.habitual("def solve(a, b):\n    return a * b + 2\n") is None


def test_the_corpus_of_python_problems_has_faults_of_python() -> None:
    problems = list(generate_programs(seed=0, split="train", num=200, levels=[1], phrasing="terse"))
    items = list(faulty_corpus(problems, systematic=0.5, random=0.5, seed=1))
    faults = Counter((item.fault or "none").split()[0] for item in items)
    assert {"habit", "slip", "syntax", "none"} == set(faults)  # none: no habit applies
    assert faults["habit"] > 50
    assert faults["syntax"] > 20


def test_each_sort_of_syntax_slip_occurs_and_does_not_parse() -> None:
    source = "def solve(xs):\n    if xs:\n        return [x for x in xs]\n    return 3\n"
    slips = [syntax_slip(source, Random(seed)) for seed in range(40)]
    assert {what for _, what in slips} == {"missing :", "missing bracket", "misspelt keyword"}
    broken = [text for text, what in slips if what != "misspelt keyword"]
    for text in broken:
        with pytest.raises(SyntaxError):
            ast.parse(text)
