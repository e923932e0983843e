"""How CVDP asks: its own system and user texts around a problem, as one prompt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

CATEGORIES = {
    "cid002": "RTL code completion",
    "cid003": "specification to RTL",
    "cid004": "RTL code modification",
    "cid005": "module reuse",
    "cid006": "RTL correspondence",
    "cid007": "lint and quality improvement",
    "cid008": "testbench correspondence",
    "cid009": "questions on RTL",
    "cid010": "questions on testbenches",
    "cid012": "testbench stimulus",
    "cid013": "testbench checker",
    "cid014": "assertions",
    "cid016": "debugging",
}
_FOLDERS = """\
You are a helpful assistant.
Consider that you have a folder structure like the following:

    - rtl/*   : Contains files which are RTL code.
    - verif/* : Contains files which are used to verify the correctness of the RTL code.
    - docs/*  : Contains files used to document the project, like Block Guides, RTL Plans and Verification Plans.

When generating files, return the file name in the correct place at the folder structure.
"""
_GUIDANCE = {
    "cid002": ("an 'RTL Code Completion'", "generated according to the requirements"),
    "cid003": ("a 'Specification to RTL Translation'", "translated from the specification"),
    "cid004": ("an 'RTL Code Modification'", "modified according to the requirements"),
    "cid005": (
        "a 'Specification to RTL Translation: Module Instantiation and Component Reuse'",
        "translated from the specification and with proper module instantiation and component reuse",
    ),
    "cid007": (
        "an 'RTL Lint Improvement or Power-Performance Optimization'",
        "improved to address lint issues or optimised for power or performance",
    ),
    "cid016": ("an 'RTL Debugging and Bug Fixing'", "debugged and fixed to address the bug"),
}
_JSON = """\
Provide the response in the following JSON schema:
{ "code": [{ "<name>" : "<code>"}] }
The response should be in JSON format, including double-quotes around keys and values, and proper escaping of quotes \
within values, and escaping of newlines.
"""
_AGENTIC = """\
Answer with each file that you write or change: whole, in a fence whose first line is a comment `// file: PATH`, or as \
a unified diff in a fence labelled diff.
"""


def make_prompt(
    text: str, *, category: str, context: Mapping[str, str], wanted: Sequence[str], agentic: bool = False
) -> str:
    """The whole prompt: folders, what kind of problem it is, the files that are there, the request, how to answer."""
    parts = [_FOLDERS]
    if category in _GUIDANCE:
        kind, how = _GUIDANCE[category]
        parts.append(
            f"You are solving {kind} problem. To solve this problem correctly, you should only respond with the RTL "
            f"code {how}.\n"
        )
    if len(wanted) > 1 and not agentic:
        parts.append(_JSON)
    parts += [
        f"Consider the following content for the file {path}:\n```\n{body}\n```\n" for path, body in context.items()
    ]
    parts.append(f"Provide me one answer for this request: {text}\n")
    if agentic:
        parts.append(_AGENTIC + (f"The files to write are: {', '.join(wanted)}.\n" if wanted else ""))
    elif len(wanted) == 1:
        parts.append(
            "Please provide your response as plain text without any JSON formatting. Your response will be saved "
            f"directly to: {wanted[0]}.\n"
        )
    else:
        parts.append(f"Name the files as: {', '.join(wanted)}.\n")
    return "\n".join(parts)
