"""All families. To add one: write it, add a row here; the tests go through this table."""

from __future__ import annotations

from verireason.data.families.arbiters import ARBITER, ROUND_ROBIN
from verireason.data.families.arithmetic import ADDER, MAGNITUDE, MULTIPLIER, POPCOUNT, SUBTRACTOR
from verireason.data.families.codes import CONVERT, DECODER, ENCODER, PRIORITY_ENCODER
from verireason.data.families.comparison import COMPARE, MINMAX, SATURATE
from verireason.data.families.counters import COUNTER, MOD_COUNTER
from verireason.data.families.datapaths import ACCUMULATOR, ALU, EXTREME, MAC
from verireason.data.families.family import Family
from verireason.data.families.flip_flops import EDGE_DETECTOR, FLIP_FLOP
from verireason.data.families.functions import PARITY, REDUCTION, TRUTH_TABLE
from verireason.data.families.gates import EXPRESSION, GATES
from verireason.data.families.machines import FSM, SEQUENCE_DETECTOR
from verireason.data.families.queues import FIFO, HANDSHAKE
from verireason.data.families.registers import DELAY_LINE, REGISTER, REGISTERED_LOGIC
from verireason.data.families.selection import BARREL_SHIFT, DEMUX, MUX
from verireason.data.families.shifters import LFSR, SERIALIZER, SHIFT_REGISTER
from verireason.data.families.special_counters import GRAY_COUNTER, SAT_COUNTER, TIMER
from verireason.data.families.timing import DEBOUNCER, DIVIDER, PWM, STRETCHER
from verireason.data.families.wiring import WIRING

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        GATES,
        EXPRESSION,
        TRUTH_TABLE,
        REDUCTION,
        PARITY,
        WIRING,
        ADDER,
        SUBTRACTOR,
        MULTIPLIER,
        MAGNITUDE,
        POPCOUNT,
        COMPARE,
        MINMAX,
        SATURATE,
        MUX,
        DEMUX,
        BARREL_SHIFT,
        DECODER,
        ENCODER,
        PRIORITY_ENCODER,
        CONVERT,
        REGISTER,
        REGISTERED_LOGIC,
        DELAY_LINE,
        FLIP_FLOP,
        EDGE_DETECTOR,
        COUNTER,
        MOD_COUNTER,
        SAT_COUNTER,
        GRAY_COUNTER,
        TIMER,
        SHIFT_REGISTER,
        LFSR,
        SERIALIZER,
        FSM,
        SEQUENCE_DETECTOR,
        ARBITER,
        ROUND_ROBIN,
        FIFO,
        HANDSHAKE,
        ALU,
        ACCUMULATOR,
        MAC,
        EXTREME,
        DIVIDER,
        STRETCHER,
        DEBOUNCER,
        PWM,
    )
}
