"""Names of a testbench that nobody has parsed: every identifier in it becomes the testbench's own.

For testbenches that a model wrote, whose text is hostile: one pass over the tokens, in time linear in the text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import pairwise

from sim.hdl.testbench import NAME_PREFIX, TESTBENCH_TOP

KEYWORDS = frozenset({
    "accept_on", "alias", "always", "always_comb", "always_ff", "always_latch", "and", "assert", "assign", "assume",
    "automatic", "before", "begin", "bind", "bins", "binsof", "bit", "break", "buf", "bufif0", "bufif1", "byte",
    "case", "casex", "casez", "cell", "chandle", "checker", "class", "clocking", "cmos", "config", "const",
    "constraint", "context", "continue", "cover", "covergroup", "coverpoint", "cross", "deassign", "default",
    "defparam", "design", "disable", "dist", "do", "edge", "else", "end", "endcase", "endchecker", "endclass",
    "endclocking", "endconfig", "endfunction", "endgenerate", "endgroup", "endinterface", "endmodule", "endpackage",
    "endprimitive", "endprogram", "endproperty", "endspecify", "endsequence", "endtable", "endtask", "enum",
    "event", "eventually", "expect", "export", "extends", "extern", "final", "first_match", "for", "force",
    "foreach", "forever", "fork", "forkjoin", "function", "generate", "genvar", "global", "highz0", "highz1", "if",
    "iff", "ifnone", "ignore_bins", "illegal_bins", "implements", "implies", "import", "incdir", "include",
    "initial", "inout", "input", "inside", "instance", "int", "integer", "interconnect", "interface", "intersect",
    "join", "join_any", "join_none", "large", "let", "liblist", "library", "local", "localparam", "logic",
    "longint", "macromodule", "matches", "medium", "modport", "module", "nand", "negedge", "nettype", "new",
    "nexttime", "nmos", "nor", "noshowcancelled", "not", "notif0", "notif1", "null", "or", "output", "package",
    "packed", "parameter", "pmos", "posedge", "primitive", "priority", "program", "property", "protected", "pull0",
    "pull1", "pulldown", "pullup", "pulsestyle_ondetect", "pulsestyle_onevent", "pure", "rand", "randc", "randcase",
    "randsequence", "rcmos", "real", "realtime", "ref", "reg", "reject_on", "release", "repeat", "restrict",
    "return", "rnmos", "rpmos", "rtran", "rtranif0", "rtranif1", "s_always", "s_eventually", "s_nexttime",
    "s_until", "s_until_with", "scalared", "sequence", "shortint", "shortreal", "showcancelled", "signed", "small",
    "soft", "solve", "specify", "specparam", "static", "string", "strong", "strong0", "strong1", "struct", "super",
    "supply0", "supply1", "sync_accept_on", "sync_reject_on", "table", "tagged", "task", "this", "throughout",
    "time", "timeprecision", "timeunit", "tran", "tranif0", "tranif1", "tri", "tri0", "tri1", "triand", "trior",
    "trireg", "type", "typedef", "union", "unique", "unique0", "unsigned", "until", "until_with", "untyped", "use",
    "uwire", "var", "vectored", "virtual", "void", "wait", "wait_order", "wand", "weak", "weak0", "weak1", "while",
    "wildcard", "wire", "with", "within", "wor", "xnor", "xor",
})  # fmt: skip
"""Of SystemVerilog 2017."""

_LIFETIMES = ("automatic", "static")
"""They may stand between `module` and its name."""

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/|\Z))
      |(?P<string>"(?:[^"\\]|\\.)*+(?:"|\Z))
      |(?P<number>\d[\w.]*|'[sS]?[bodhBODH]\s*[\w?]+|'[01xzXZ])
      |(?P<define>`(?:define|undef|ifdef|ifndef|elsif)[ \t]+\w+)
      |(?P<task>[`$][\w$]+)
      |(?P<escaped>\\\S+)
      |(?P<name>(?P<dot>\.\s*)?[A-Za-z_][\w$]*)""",
    re.VERBOSE | re.DOTALL,
)


def tokens(source: str) -> Iterator[re.Match[str]]:
    """Comments, strings, numbers, macros, system names and identifiers, as the match's `lastgroup` says."""
    return _TOKEN.finditer(source)


def declared_modules(source: str) -> list[str]:
    """Names that follow the word `module`, in order."""
    words = [match["name"] for match in tokens(source) if match["name"] and match["name"] not in _LIFETIMES]
    return [name for word, name in pairwise(words) if word == "module" and name not in KEYWORDS]


def top_module(source: str) -> str | None:
    """The module that no other part of the text names; None unless there is exactly one."""
    modules = declared_modules(source)
    counts = Counter(match["name"] for match in tokens(source) if match["name"])
    # A module may be named again behind its `endmodule :`.
    ends = Counter(re.findall(r"\bendmodule\s*:\s*(\w+)", source))
    unused = [name for name in modules if counts[name] - ends[name] == 1]
    return unused[0] if len(unused) == 1 else None


def names_in(source: str) -> frozenset[str]:
    """Every identifier of the text that is no keyword."""
    return frozenset(match["name"] for match in tokens(source) if match["name"]) - KEYWORDS


def with_own_names(testbench: str, *, keep: Collection[str]) -> str | None:
    """The testbench with a prefix on every name but `keep`, its top module under the name that the verifier wants.

    Names behind a dot stay: they are ports of the design. So do they elsewhere, when the testbench has modules of its
    own, whose ports they may be. Escaped names stay, too. None when it is not clear which module is the top.
    """
    modules = [name for name in declared_modules(testbench) if name not in keep]
    top = modules[0] if len(modules) == 1 else top_module(testbench)
    if top is None:
        return None
    dotted = {match["name"].lstrip(". \t\r\n") for match in tokens(testbench) if match["dot"]}
    stay = {*KEYWORDS, *keep, *(dotted if len(modules) > 1 else ())}
    names = {top: TESTBENCH_TOP}

    def renamed(match: re.Match[str]) -> str:
        if not match["name"] or match["dot"] or match["name"] in stay:
            return match[0]
        return names.get(match[0], NAME_PREFIX + match[0])

    return _TOKEN.sub(renamed, testbench)
