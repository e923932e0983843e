"""What the system tasks and functions that Icarus 12 and Verilator 5 know can do to a run. Data only.

Names are without the dollar. The groups are disjoint; a task in none of them is one that the simulators lack,
or that changes nothing but the design itself.
"""

from __future__ import annotations

import re

_BASES = "[bho]?"

PLAIN = re.compile(
    "|".join(
        (
            f"display{_BASES} write{_BASES} monitor{_BASES} monitoro(ff|n) strobe{_BASES} swrite{_BASES} sformatf? "
            "sscanf error warning info s?time realtime simtime timeformat printtimescale u?random urandom_range "
            "dist_[a-z_]+ clog2 bits signed unsigned itor rtoi bitstoreal realtobits shortrealtobits bitstoshortreal "
            "high low left right size increment dimensions unpacked_dimensions count(ones|bits) onehot0? isunknown "
            "abs min max ceil floor sqrt pow exp ln log10 a?(sin|cos|tan)h? atan2 hypot "
            r"ivl_(enum|string)_method\$[a-z]+ a?sync\$n?(and|or)\$(array|plane)"
        ).split()
    )
)
"""They compute, or print to the simulation's own output. Icarus has them all, Verilator most."""

PLAIN_ELSEWHERE = re.compile(
    "cast|typename|isunbounded|(past|rose|fell|stable|changed|sampled)(_gclk)?|assert[a-z]*|stacktrace"
)
"""The same, but Icarus lacks them."""

ENDING = re.compile("finish|finish_and_return|stop|fatal|exit")
"""They end the run, so that the testbench can't report."""

REACHING = re.compile(
    "|".join(
        (
            "f(open[arw]?|close|read|gets|getc|putc|scanf|seek|tell|eof|flush|error) ungetc rewind "
            f"f(display|write|monitor|strobe){_BASES} s?readmem[bh] writemem[bh] readmempath dump[a-z]* sdf_annotate "
            r"(value|test)\$plusargs system table_model save restart incsave reset input log nolog key nokey deposit "
            "countdrivers list scope show[a-z]* ivlh_[a-z_]+ vpi_[a-z_]+ getpattern"
        ).split()
    )
)
"""They read or write what is outside of the design: files, the command line, the clock of the run, other scopes."""

NATIVE = re.compile("c(?:[0-9]+|pure|)")
"""Verilator's way to write C++ into a design."""
