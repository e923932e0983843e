"""A self-checking testbench from ports and a table of input vectors.

The stimulus is plain data, worked out beforehand and written into the text: nothing that a candidate does in the
simulation (`$random`, `$finish` of its own aside) can change what it is asked, and the number of checks is known.
The names and the lines of evidence follow `sim.hdl.testbench`. What this does not promise: a candidate can still end
the run early; the verifier sees that by the missing last line.

No `timescale` is set: the unit is then the same for testbench and candidate, so that a candidate's `#1` is a small
part of the ten units between two edges wherever the files stand on the command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim.hdl.testbench import EVIDENCE, NAME_PREFIX, REFERENCE_TOP, TESTBENCH_TOP

ROW = 16
"""Vectors in one literal: one wide constant is slow to index in vvp, one statement per vector slow to compile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One port of the candidate. `width` is in bits; a width of 1 is a scalar."""

    name: str
    width: int = 1
    is_output: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The clock port and the edge ("posedge" or "negedge") on which state changes."""

    name: str
    edge: str = "posedge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stimulus:
    """Input vectors in the order in which they are applied.

    With a clock, each vector is held for half a period: the first before the active edge, the second between it and
    the other edge, and so on. Without a clock each vector is one step.
    """

    vectors: tuple[tuple[int, ...], ...]
    """One tuple per step: a value per input port but the clock, in port order, each within its port's width."""
    num_warmup: int = 0
    """Vectors at the start whose outputs are not compared, because the golden may not be defined yet."""

    @property
    def num_checks(self) -> int:
        """How often the outputs are compared."""
        return len(self.vectors) - self.num_warmup


def build_testbench(
    *, ports: Sequence[Port], clock: Clock | None, stimulus: Stimulus, top: str = "top_module",
    known_only: bool = False, num_others: int = 0,
) -> str:  # fmt: skip
    """The testbench's text; it compares all outputs `stimulus.num_checks` times.

    Outputs are compared with `===` at the end of each half period, just before the clock's next edge: a golden must
    produce no x after the warm-up. With `known_only` it may, and a bit that is x there may be anything in a candidate.
    With `num_others` a candidate also passes that agrees all along with one of so many other references
    (`other_reference`); otherwise what is reported are its differences from the first. Raises ValueError for a stimulus
    that does not fit the ports.
    """
    inputs = [port for port in ports if not port.is_output and (clock is None or port.name != clock.name)]
    outputs = [port for port in ports if port.is_output]
    if not outputs or not inputs:
        raise ValueError("a testbench needs an input and an output port")
    lines = [f"module {TESTBENCH_TOP};"]
    lines += _declarations(inputs=inputs, outputs=outputs, clock=clock)
    lines += [_instance(REFERENCE_TOP, "good", ports=ports, clock=clock)]
    lines += [_instance(top, "dut", ports=ports, clock=clock)]
    for other in range(num_others):
        lines += [f"  wire {_range(port.width)}$Pr{other}_{port.name};" for port in outputs]
        lines += [
            f"  reg $Pdiffers{other} = 1'b0;",
            _instance(other_reference(other), f"good{other}", ports=ports, clock=clock),
        ]
    lines += _check_task(ports=ports, outputs=outputs, clock=clock, known_only=known_only, num_others=num_others)
    lines += _run(inputs=inputs, outputs=outputs, clock=clock, stimulus=stimulus, num_others=num_others)
    return "\n".join([*lines, "endmodule"]).replace("$P", NAME_PREFIX).replace("$E", EVIDENCE) + "\n"


def other_reference(place: int) -> str:
    """The module of a further reference, from 0."""
    return f"{REFERENCE_TOP}{place}"


def _range(width: int) -> str:
    return f"[{width - 1}:0] " if width > 1 else ""


def _declarations(*, inputs: Sequence[Port], outputs: Sequence[Port], clock: Clock | None) -> Iterator[str]:
    if clock is not None:
        yield f"  reg $Pclk = 1'b{0 if clock.edge == 'posedge' else 1};"
        yield "  wire $Pd_clk = $Pclk;"
    for port in inputs:
        yield f"  reg {_range(port.width)}$Pi_{port.name};"
        # The candidate gets nets of its own: one that drives its inputs must not reach those of the reference.
        yield f"  wire {_range(port.width)}$Pd_{port.name} = $Pi_{port.name};"
    for port in outputs:
        yield f"  wire {_range(port.width)}$Pr_{port.name};"
        yield f"  wire {_range(port.width)}$Pc_{port.name};"
        yield f"  integer $Pe_{port.name} = 0;"
        yield f"  integer $Pt_{port.name} = 0;"
    yield "  integer $Pn = 0;"
    yield "  integer $Pstep = 0;"
    yield "  integer $Perrors = 0;"
    yield "  reg $Pbad = 1'b0;"


def _instance(module: str, name: str, *, ports: Sequence[Port], clock: Clock | None) -> str:
    nets = []
    is_good = name.startswith("good")
    for port in ports:
        if port.is_output:
            net = f"{'r' + name.removeprefix('good') if is_good else 'c'}_{port.name}"
        elif clock is not None and port.name == clock.name:
            net = "clk" if is_good else "d_clk"
        else:
            net = f"{'i' if is_good else 'd'}_{port.name}"
        nets.append(f".{port.name}($P{net})")
    return f"  {module} $P{name} ({', '.join(nets)});"


def _check_task(
    *, ports: Sequence[Port], outputs: Sequence[Port], clock: Clock | None, known_only: bool, num_others: int
) -> Iterator[str]:
    """One comparison of every output; the first difference of all is printed with the inputs of that moment."""
    inputs = [port for port in ports if not port.is_output]
    nets = ["$Pclk" if clock is not None and port.name == clock.name else f"$Pi_{port.name}" for port in inputs]
    shown = " ".join(f"{port.name}=%b" for port in inputs)
    yield "  task $Pcheck;"
    yield "    begin"
    yield "      $Pn = $Pn + 1;"
    yield "      $Pbad = 1'b0;"
    for port in outputs:
        good, got = f"$Pr_{port.name}", f"$Pc_{port.name}"
        yield f"      if ({_differs(good, got, known_only=known_only)}) begin"
        yield f"        if ($Pe_{port.name} == 0) $Pt_{port.name} = $time;"
        yield f"        $Pe_{port.name} = $Pe_{port.name} + 1;"
        yield "        if ($Perrors == 0 && !$Pbad)"
        yield f'          $display("$E First: time %0d output {port.name} expected %b got %b inputs {shown}",'
        yield f"            $time, {', '.join([good, got, *nets])});"
        yield "        $Pbad = 1'b1;"
        yield "      end"
        for other in range(num_others):
            differs = _differs(f"$Pr{other}_{port.name}", got, known_only=known_only)
            yield f"      if ({differs}) $Pdiffers{other} = 1'b1;"
    yield "      if ($Pbad) $Perrors = $Perrors + 1;"
    yield "    end"
    yield "  endtask"


def _differs(good: str, got: str, *, known_only: bool) -> str:
    """The comparison; with `known_only`, what is seen of the candidate is x where the golden is."""
    return f"{good} !== ({good} ^ {got} ^ {good})" if known_only else f"{good} !== {got}"


def _run(
    *, inputs: Sequence[Port], outputs: Sequence[Port], clock: Clock | None, stimulus: Stimulus, num_others: int
) -> Iterator[str]:
    width = sum(port.width for port in inputs)
    words = [_pack(vector, inputs) for vector in stimulus.vectors]
    rows = [words[start : start + ROW] for start in range(0, len(words), ROW)]
    yield f"  reg [{width * ROW - 1}:0] $Prows [0:{len(rows) - 1}];"
    yield f"  reg [{width * ROW - 1}:0] $Prow;"
    yield "  initial begin"
    for index, row in enumerate(rows):
        literal = sum(word << (width * place) for place, word in enumerate(row))
        yield f"    $Prows[{index}] = {width * ROW}'h{literal:x};"
    yield f"    for ($Pstep = 0; $Pstep < {len(words)}; $Pstep = $Pstep + 1) begin"
    yield f"      if ($Pstep % {ROW} == 0) $Prow = $Prows[$Pstep / {ROW}];"
    yield f"      #1 {{{', '.join(f'$Pi_{port.name}' for port in inputs)}}} = $Prow[{width - 1}:0];"
    yield f"      $Prow = $Prow >> {width};"
    yield f"      #8 if ($Pstep >= {stimulus.num_warmup}) $Pcheck;"
    yield "      #1 $Pclk = ~$Pclk;" if clock is not None else "      #1;"
    yield "    end"
    if num_others:
        differs = " && ".join(f"$Pdiffers{other}" for other in range(num_others))
        cleared = " ".join(f"$Pe_{port.name} = 0;" for port in outputs)
        yield f"    if (!({differs})) begin $Perrors = 0; {cleared} end"
    for port in outputs:
        text = f"$E Hint: Output '{port.name}' has "
        yield f"    if ($Pe_{port.name} != 0)"
        yield f'      $display("{text}%0d mismatches. First mismatch occurred at time %0d.",'
        yield f"        $Pe_{port.name}, $Pt_{port.name});"
        yield f'    else $display("{text}no mismatches.");'
    yield '    $display("$E Mismatches: %0d in %0d samples", $Perrors, $Pn);'
    # 0: without vvp's own message, so that the last line stays the last.
    yield "    $finish(0);"
    yield "  end"


def _pack(vector: Sequence[int], inputs: Sequence[Port]) -> int:
    """The values side by side in one number, the first port in the highest bits."""
    if len(vector) != len(inputs):
        raise ValueError(f"a vector of {len(vector)} values for {len(inputs)} input ports")
    word = 0
    for value, port in zip(vector, inputs, strict=True):
        if not 0 <= value < 1 << port.width:
            raise ValueError(f"value {value} for port {port.name}, which has {port.width} bits")
        word = word << port.width | value
    return word
