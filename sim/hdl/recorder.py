"""A module that records the ports of reference and candidate around one moment of a simulation, made for a testbench.

It is a second top beside the testbench, which stays as it is: it reads nets of the testbench by their full names, keeps
the last changes in a ring and prints them, as lines of evidence (`sim.hdl.testbench`), once enough came after the
moment. So memory and output are bounded however late the moment is and however often the candidate changes its outputs:
steps are counted by inputs and reference, and of the candidate's own changes between two steps a few are kept.

Testbench and reference are trusted text, read here with a linear scan; what it does not understand has no waves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, REFERENCE_TOP, TESTBENCH_TOP

TOP = NAME_PREFIX + "waves"
STEPS_BEFORE, STEPS_AFTER = 24, 6
"""Changes of inputs or reference to either side of the moment; a clocked run has two to four of them in a cycle."""
OWN_CHANGES = 3
"""Changes of the candidate alone that are kept between two steps; of further ones the last."""
RING = 256
MAX_BITS = 4096
"""Of all signals together; signals that no longer fit are left out."""
UNKNOWN_BITS = 512
"""Room for a net whose width the text does not say in plain numbers."""

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:[^"\\]|\\.)*"|(?P<word>\\\S+|`?\$?[A-Za-z_][\w$]*|\d*\'s?[bodhBODH][\w?]+|\d[\w.]*)'
    r"|(?P<mark><=|==|!=|[^\s])",
    re.DOTALL,
)
_NAME = re.compile(r"[A-Za-z_][\w$]*")
_KINDS = {"wire": False, "logic": False, "bit": False, "tri": False, "reg": True, "integer": True, "int": True}
"""Kind of net or variable to whether it can only be something that the testbench drives."""
_BEFORE_A_TARGET = frozenset(
    {";", "begin", "end", "else", ")", ":", "assign", "]", "wire", "logic", "bit", "tri", "endtask"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing to record."""

    name: str
    """The port's name, for people."""
    role: str
    """"input", "expected" or "got"."""
    path: str
    """The full name in the simulation, with placeholders."""
    bits: int
    """Room in the recorder: the width, or more when the text does not say it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Net:
    bits: int | None
    driven: bool
    """Whether the testbench drives it, so that it is no output of an instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Instance:
    name: str
    connections: tuple[tuple[str | None, tuple[str, ...]], ...]
    """Port name, None when given by position; tokens of the expression."""


def find_signals(testbench: str, *, top: str) -> tuple[Signal, ...]:
    """Ports of the candidate's instance in the testbench: inputs, then of each output what is expected and what came.

    Empty when the testbench has no instance of `top` in its own top module.
    """
    tokens = _module(_tokens(testbench), TESTBENCH_TOP)
    own, reference = _instance(tokens, top), _instance(tokens, REFERENCE_TOP)
    if own is None:
        return ()
    nets = _nets(tokens)
    good = dict(_keyed(reference)) if reference else {}
    inputs, outputs = [], []
    for index, (port, expression) in enumerate(own.connections):
        got = _signal("got", own, port, expression, nets)
        other = good.get(port or str(index))
        expected = _signal("expected", reference, port, other, nets) if reference and other else None
        if got is None:
            continue
        if not any(nets[word].driven for word in expression if word in nets):
            outputs += [expected, got] if expected else [got]
        else:
            # The reference's own net, since a candidate may drive its inputs.
            source = expected or got
            inputs.append(Signal(name=got.name, role="input", path=source.path, bits=source.bits))
    return tuple(inputs + outputs)


def fit(signals: Sequence[Signal], *, first: str | None) -> tuple[Signal, ...]:
    """As many of the signals as fit into MAX_BITS, in their order; the output named `first` before all others."""
    chosen, num_bits = set(), 0
    for signal in sorted(signals, key=lambda each: (each.name != first, each.role == "input", each.bits)):
        if num_bits + signal.bits <= MAX_BITS:
            num_bits += signal.bits
            chosen.add((signal.name, signal.role))
    return tuple(signal for signal in signals if (signal.name, signal.role) in chosen)


def find_counters(testbench: str) -> tuple[str, ...]:
    """Full names of what the testbench counts its failing checks in, going by the names."""
    nets = _nets(_module(_tokens(testbench), TESTBENCH_TOP))
    found = [name for name, net in nets.items() if net.driven and re.search("err|fail", name, re.IGNORECASE)]
    return tuple(f"{TESTBENCH_TOP}.{name}" for name in found)


def recorder(signals: Sequence[Signal], *, mark: int | Sequence[str]) -> str:
    """The module's text, with placeholders. `mark` is a time, or counters the first count of which is the moment.

    Its evidence: `@VR@ Widths 1 4 4`, one for each signal; `@VR@ Wave 95 10101...` for each change, the signals side by
    side in the lowest bits, oldest first; `@VR@ Mark 100`, the moment; `@VR@ End 120`, until when the last values held.
    """
    trusted = [signal.path for signal in signals if signal.role != "got"] or [signal.path for signal in signals]
    names = {
        "$WIDTHS": ", ".join(f"$bits({signal.path})" for signal in signals),
        "$FORMAT": " ".join("%0d" for _ in signals),
        "$ALL": ", ".join(signal.path for signal in signals),
        "$STEADY": ", ".join(trusted),
        "$TOP": TOP,
        "$E": EVIDENCE,
        "$HIGH": str(sum(signal.bits for signal in signals) - 1),
        "$SIZE": str(RING),
        "$MARK": f"64'd{mark}" if isinstance(mark, int) else "{64{1'b1}}",
        "$WATCH": "" if isinstance(mark, int) else f"always @({', '.join(mark)}) watch;",
        "$COUNTED": "0" if isinstance(mark, int) else " || ".join(mark),
        "$AFTER": str(STEPS_AFTER),
        "$OWN": str(OWN_CHANGES),
    }
    text = _TEXT
    for name, value in names.items():
        text = text.replace(name, value)
    return text


# At a new time the newest entry is settled; changes at the same time overwrite it.
_TEXT = """module $TOP;
  wire [$HIGH:0] now = {$ALL};
  wire [$HIGH:0] steady = {$STEADY};
  reg [$HIGH:0] last;
  reg [$HIGH:0] ring [0:$SIZE-1];
  reg [63:0] at [0:$SIZE-1];
  reg [63:0] mark = $MARK;
  reg step, done = 0;
  integer num = 0, own = 0, after = 0, i;
  function void show(input integer count);
    begin
      done = 1;
      $display("\\n$E Widths $FORMAT", $WIDTHS);
      for (i = (count > $SIZE ? count - $SIZE : 0); i < count; i = i + 1)
        $display("\\n$E Wave %0d %b", at[i % $SIZE], ring[i % $SIZE]);
      $display("\\n$E Mark %0d", mark);
      $display("\\n$E End %0d", $time);
    end
  endfunction
  task note;
    begin
      step = num == 0 || steady !== last;
      if (num == 0 || at[(num - 1) % $SIZE] != $time) begin
        if (step && $time > mark) begin
          after = after + 1;
          if (after > $AFTER) begin
            show(num);
            $finish(0);
          end
        end
        if (step || own < $OWN) num = num + 1;
        own = own + 1;
        at[(num - 1) % $SIZE] = $time;
      end
      if (step) own = 0;
      last = steady;
      ring[(num - 1) % $SIZE] = now;
    end
  endtask
  function void watch;
    if (($COUNTED) && &mark) mark = $time;
  endfunction
  $WATCH
  initial note;
  always @(now) if (!done) note;
  final if (!done) begin
    watch; // a run that ends with the count gives nobody else a turn
    show(num);
  end
endmodule
"""


def _tokens(text: str) -> list[str]:
    return [found[0] for found in _TOKEN.finditer(text) if found["word"] or found["mark"]]


def _module(tokens: Sequence[str], name: str) -> Sequence[str]:
    """The tokens of one module; empty when there is none."""
    for start in range(len(tokens) - 1):
        if tokens[start] == "module" and tokens[start + 1] == name:
            body = tokens[start + 2 :]
            return body[: body.index("endmodule")] if "endmodule" in body else body
    return ()


def _instance(tokens: Sequence[str], module: str) -> _Instance | None:
    """The first instance of a module."""
    for place, token in enumerate(tokens):
        if token != module or (place and tokens[place - 1] not in (";", ")", "end", "generate", "begin", "endtask")):
            continue
        start = place + 1
        if tokens[start : start + 2] == ["#", "("]:
            start = _closing(tokens, start + 1) + 1
        if tokens[start + 1 : start + 2] != ["("]:
            continue
        name = tokens[start]
        inside = tokens[start + 2 : _closing(tokens, start + 1)]
        return _Instance(name=name, connections=tuple(_connections(inside)))
    return None


def _closing(tokens: Sequence[str], start: int) -> int:
    """Where the bracket that opens at `start` closes; the end when it does not."""
    depth = 0
    for place in range(start, len(tokens)):
        depth += (tokens[place] in "([{") - (tokens[place] in ")]}")
        if depth == 0:
            return place
    return len(tokens)


def _connections(tokens: Sequence[str]) -> Iterator[tuple[str | None, tuple[str, ...]]]:
    for part in _split(tokens):
        if part[:1] != (".",):
            yield None, part
        elif len(part) == 2:
            yield part[1], part[1:]
        elif len(part) > 4:
            yield part[1], part[3:-1]


def _split(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """What stands between the commas outside of brackets."""
    part: list[str] = []
    depth = 0
    for token in tokens:
        depth += (token in "([{") - (token in ")]}")
        if token == "," and depth == 0:
            yield tuple(part)
            part = []
        else:
            part.append(token)
    if part:
        yield tuple(part)


def _keyed(instance: _Instance) -> Iterator[tuple[str, tuple[str, ...]]]:
    for index, (port, expression) in enumerate(instance.connections):
        yield port or str(index), expression


def _signal(
    role: str, instance: _Instance, port: str | None, expression: tuple[str, ...], nets: Mapping[str, _Net]
) -> Signal | None:
    """The net that stands at a port, or for an expression the port itself, when it has a name."""
    is_net = len(expression) == 1 and _NAME.fullmatch(expression[0]) is not None
    name = port or (expression[0].removeprefix(NAME_PREFIX) if is_net else None)
    if name is None or not _NAME.fullmatch(name):
        return None
    place = expression[0] if is_net else f"{instance.name}.{name}"
    net = nets.get(expression[0], _Net(bits=1, driven=False)) if is_net else _Net(bits=None, driven=False)
    return Signal(name=name, role=role, path=f"{TESTBENCH_TOP}.{place}", bits=net.bits or UNKNOWN_BITS)


def _nets(tokens: Sequence[str]) -> dict[str, _Net]:
    """What the module declares, and which of it the module drives."""
    targets = set(_targets(tokens))
    found: dict[str, _Net] = {}
    for place, token in enumerate(tokens):
        if token not in _KINDS:
            continue
        stop = next((end for end in range(place, len(tokens)) if tokens[end] in (";", ")")), len(tokens))
        declaration = [word for word in tokens[place + 1 : stop] if word not in (*_KINDS, "signed", "unsigned")]
        bits: int | None = 32 if token in ("integer", "int") else 1
        if declaration[:1] == ["["]:
            end = _closing(declaration, 0)
            bits, declaration = _width(declaration[1:end]), declaration[end + 1 :]
        for part in _split(declaration):
            if part and part[0] not in found:
                found[part[0]] = _Net(bits=bits, driven=_KINDS[token] or part[0] in targets)
    return found


def _width(inside: Sequence[str]) -> int | None:
    if len(inside) == 3 and inside[0].isdecimal() and inside[1] == ":" and inside[2].isdecimal():
        return abs(int(inside[0]) - int(inside[2])) + 1
    return None


def _targets(tokens: Sequence[str]) -> Iterator[str]:
    """Names that something is assigned to; a comparison is no assignment."""
    for place, token in enumerate(tokens):
        if not _NAME.fullmatch(token) or place + 1 >= len(tokens):
            continue
        before = tokens[place - 1] if place else ";"
        if before not in _BEFORE_A_TARGET and before not in (",",) and not before[:1].isdigit():
            continue
        after = _closing(tokens, place + 1) + 1 if tokens[place + 1] == "[" else place + 1
        if after < len(tokens) and tokens[after] in ("=", "<="):
            yield token
