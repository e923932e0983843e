"""CodeV-R1's RL data (IPRC-DIP, zhuyaoyu/CodeV-R1-dataset on the hub, no licence stated).

Published: `codev_r1_rl_{train,val}.parquet`, rows with `prompt` (a list of messages) and
`reward_model.ground_truth`: a pickle of {name: {code, input_port_width, output_port_width, clock_port_polarity,
reset_port_polarity_sync}}. `convert` has each pickle read in a box by a reader that allows nothing but plain data, and
writes lines of {id, prompt, ground_truth}; only these are loaded.

A candidate passes when it equals any of the designs of the ground truth (`verireason.data.random_testbench`), as in the
published reward; those whose ports differ from the first's cannot be meant and are passed over. Designs with further
clocks, which are left out there, are judged here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.farm import Farm
from sim.hdl.interface import MAX_PORTS, MAX_WIDTH, PORT_NAME
from sim.pool import in_order
from sim.unpickle import MAX_KB, judge_unpickle, plan_unpickle
from sim.verdict import Level
from verireason.data.designs import code_in, draft, renamed, top_of
from verireason.data.loaded import LeftOut, Loaded, collect
from verireason.data.own_names import declared_modules
from verireason.data.random_testbench import Interface, Reset, numbers_in, random_testbench
from verireason.data.rows import Row, Source, read_rows
from verireason.data.testbench import Clock, Port, other_reference
from verireason.errors import MissingError, UserError
from verireason.problem import Problem

NAME = "codev-r1"
PUBLISHED = Source(hub="zhuyaoyu/CodeV-R1-dataset", parts=("codev_r1_rl_train", "codev_r1_rl_val"), hub_files=())
SOURCE = Source(hub="zhuyaoyu/CodeV-R1-dataset, converted", parts=("codev-r1",), hub_files=())
CONVERT = "verireason data convert-codev --root DIR --out DIR/codev-r1.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """One published row."""

    where: str
    line: Mapping[str, Any] | None
    """id, prompt and ground_truth; None when `wrong` says why not."""
    wrong: str | None


def convert(farm: Farm, root: Path) -> Iterator[Converted]:
    """The published rows in their order. UserError for a wrong layout, MissingError when the farm fails."""
    rows = list(read_rows(root, PUBLISHED))
    jobs = (farm.pool.submit(plan_unpickle(_pickled(row), image=farm.image)) for row in rows)
    for row, result in zip(rows, in_order(jobs, num_boxes=farm.pool.num_boxes), strict=True):
        if result.failure is not None:
            raise MissingError(f"{row.where}: the farm could not read its pickle: {result.failure}")
        found = judge_unpickle(result)
        if found.wrong is not None:
            yield Converted(where=row.where, line=None, wrong=f"ground_truth: {found.wrong}")
        else:
            line = {"id": f"{row.part}/{row.index}", "prompt": _question(row), "ground_truth": found.value}
            yield Converted(where=row.where, line=line, wrong=None)


def _pickled(row: Row) -> bytes:
    model = row.fields.get("reward_model")
    data = model.get("ground_truth") if isinstance(model, Mapping) else None
    if not isinstance(data, bytes):
        raise row.wrong("field reward_model has no bytes ground_truth; expected the published parquet")
    if len(data) > MAX_KB << 10:
        raise row.wrong(f"its ground_truth has more than {MAX_KB} KiB")
    return data


def _question(row: Row) -> str:
    """The last message of the user's."""
    messages = row.json("prompt")
    if isinstance(messages, str):
        return messages
    texts = [
        message["content"]
        for message in (messages if isinstance(messages, list) else [])
        if isinstance(message, Mapping) and message.get("role") == "user" and isinstance(message.get("content"), str)
    ]
    if not texts:
        raise row.wrong("field prompt is not a list of messages with one of the role user")
    return str(texts[-1])


def load(root: Path) -> Loaded:
    """Drafts of the converted problems. UserError for a directory that holds none."""
    try:
        return collect(read_rows(root, SOURCE), name=lambda row: row.text("id"), build=_problem)
    except UserError as err:
        if any(root.rglob("codev_r1_rl_*.parquet")) and not any(root.rglob("codev-r1*.jsonl")):
            command = CONVERT.replace("DIR", str(root))
            raise UserError(f"{root} is as published, with pickles in it; run `{command}` once") from err
        raise


def _problem(row: Row, problem_id: str) -> Problem:
    truth = row.fields.get("ground_truth")
    if not isinstance(truth, Mapping) or not all(isinstance(each, Mapping) for each in truth.values()):
        raise row.wrong("field ground_truth is not an object of name to an object")
    prompt = row.text("prompt")
    if not truth:
        raise LeftOut("it has no ground truth")
    first, *rest = truth.values()
    if not all(isinstance(each.get("code"), str) for each in truth.values()):
        raise row.wrong("field ground_truth has no text code")
    golden = code_in(first["code"])
    top = top_of(golden)
    interface = replace(_interface(first, row), numbers=numbers_in(golden))
    others = [other for other in rest if _interface(other, row).ports == interface.ports]
    testbench, _ = random_testbench(interface, seed=problem_id, top=top, num_others=len(others))
    made = draft(
        id=problem_id, benchmark=NAME, instruction=prompt, golden=golden, top=top, testbench=testbench
    )  # fmt: skip
    if not others:
        return made
    references = [made.spec.reference, *(_other(other["code"], place) for place, other in enumerate(others))]
    # What equals an alternative is a counterexample to the first, so formal equivalence says nothing here.
    spec = replace(made.spec, reference="\n".join(references), highest_level=Level.NETLIST)
    return replace(made, spec=spec)


def _other(answer: str, place: int) -> str:
    """A further design, all of its modules under names of its own."""
    code = code_in(answer)
    names = {name: f"{name}_of_{place}" for name in declared_modules(code)}
    return renamed(code, {**names, top_of(code): other_reference(place)})


def _interface(truth: Mapping[str, Any], row: Row) -> Interface:
    """The published facts about ports. An edge of 1 is the rising one; a reset is [name, active level, synchronous]."""
    inputs = [Port(name=name, width=width) for name, width in _listed(truth, "input_port_width", row, str, int)]
    outputs = [
        Port(name=name, width=width, is_output=True)
        for name, width in _listed(truth, "output_port_width", row, str, int)
    ]
    ports = (*inputs, *outputs)
    if len(ports) > MAX_PORTS or len({port.name for port in ports}) < len(ports):
        raise LeftOut(f"it has more than {MAX_PORTS} ports, or two of one name")
    if not all(PORT_NAME.fullmatch(port.name) for port in ports):
        raise LeftOut("a port has no plain name")
    if not all(1 <= port.width <= MAX_WIDTH for port in ports):
        raise LeftOut(f"a port is no vector of 1 to {MAX_WIDTH} bits")
    clocks = _listed(truth, "clock_port_polarity", row, str, int)
    resets = _listed(truth, "reset_port_polarity_sync", row, str, int, int)
    main = Clock(name=clocks[0][0], edge="posedge" if clocks[0][1] else "negedge") if clocks else None
    names = {port.name for port in inputs}
    if not {name for name, *_ in (*clocks, *resets)} <= names:
        raise LeftOut("a clock or reset is no input of it")
    return Interface(
        ports=ports,
        clock=main,
        other_clocks=tuple(dict.fromkeys(name for name, _ in clocks if main is not None and name != main.name)),
        resets=tuple(
            {
                name: Reset(name=name, active=int(bool(level)), is_async=not sync) for name, level, sync in resets
            }.values()
        ),
    )


def _listed(truth: Mapping[str, Any], field: str, row: Row, *types: type) -> list[Any]:
    """Lists of the given types; a bool stands for 0 or 1."""
    value = truth.get(field)
    if value is None:
        return []
    if not isinstance(value, list) or not all(
        isinstance(each, list) and len(each) == len(types) and all(map(isinstance, each, types)) for each in value
    ):
        raise row.wrong(f"field ground_truth: {field} is not a list of {', '.join(kind.__name__ for kind in types)}")
    return value
