"""What a slip in a design or a program can be, and what each operator of Verilog is mistaken for."""

from __future__ import annotations

from enum import StrEnum


class MutationKind(StrEnum):
    """What sort of slip a mutation is."""

    OPERATOR = "operator"
    CONSTANT = "constant"
    OFF_BY_ONE = "off_by_one"
    """A number one too high or too low, or a comparison that takes its bound in or out."""
    EDGE = "edge"
    RESET_POLARITY = "reset_polarity"
    CONDITION_NEGATED = "condition_negated"
    BLOCKING = "blocking"
    SWAPPED_ARMS = "swapped_arms"
    SWAPPED_OPERANDS = "swapped_operands"
    DROPPED_STATEMENT = "dropped_statement"
    WIDTH = "width"
    SIGNAL = "signal"
    """Another input of the same width, another argument."""
    SIGNEDNESS = "signedness"
    FUNCTION = "function"
    """Another function that takes the same: min for max."""
    DROPPED_PART = "dropped_part"
    """A part of an expression: a reversal, a sign, a default."""


_K = MutationKind

OPERATORS: dict[str, tuple[tuple[str, MutationKind], ...]] = {
    "AddExpression": (("-", _K.OPERATOR),),
    "SubtractExpression": (("+", _K.OPERATOR),),
    "MultiplyExpression": (("+", _K.OPERATOR),),
    "DivideExpression": (("*", _K.OPERATOR),),
    "ModExpression": (("/", _K.OPERATOR),),
    "BinaryAndExpression": (("|", _K.OPERATOR),),
    "BinaryOrExpression": (("&", _K.OPERATOR), ("^", _K.OPERATOR)),
    "BinaryXorExpression": (("|", _K.OPERATOR), ("&", _K.OPERATOR)),
    "BinaryXnorExpression": (("^", _K.OPERATOR),),
    "LogicalAndExpression": (("||", _K.OPERATOR),),
    "LogicalOrExpression": (("&&", _K.OPERATOR),),
    "EqualityExpression": (("!=", _K.OPERATOR),),
    "InequalityExpression": (("==", _K.OPERATOR),),
    "LessThanExpression": (("<=", _K.OFF_BY_ONE), (">", _K.OPERATOR)),
    "LessThanEqualExpression": (("<", _K.OFF_BY_ONE), (">=", _K.OPERATOR)),
    "GreaterThanExpression": ((">=", _K.OFF_BY_ONE), ("<", _K.OPERATOR)),
    "GreaterThanEqualExpression": ((">", _K.OFF_BY_ONE), ("<=", _K.OPERATOR)),
    "LogicalShiftLeftExpression": ((">>", _K.OPERATOR),),
    "LogicalShiftRightExpression": (("<<", _K.OPERATOR),),
    "ArithmeticShiftLeftExpression": ((">>", _K.OPERATOR),),
    "ArithmeticShiftRightExpression": (("<<", _K.OPERATOR), (">>", _K.SIGNEDNESS)),
    "UnaryBitwiseNotExpression": (("", _K.OPERATOR),),
    "UnaryLogicalNotExpression": (("", _K.OPERATOR),),
    "UnaryMinusExpression": (("", _K.OPERATOR),),
    "UnaryBitwiseAndExpression": (("|", _K.OPERATOR),),
    "UnaryBitwiseOrExpression": (("&", _K.OPERATOR),),
    "UnaryBitwiseXorExpression": (("|", _K.OPERATOR),),
    "UnaryBitwiseXnorExpression": (("^", _K.OPERATOR),),
    "UnaryBitwiseNandExpression": (("~|", _K.OPERATOR),),
    "UnaryBitwiseNorExpression": (("~&", _K.OPERATOR),),
}
"""Kind of a syntax node, in pyslang's words, to what its operator may become; an empty text drops it."""

ORDERED = frozenset({"SubtractExpression", "DivideExpression", "ModExpression", "LogicalShiftLeftExpression",
                      "LogicalShiftRightExpression", "ArithmeticShiftRightExpression"})  # fmt: skip
"""Operators whose operands may not change places."""
