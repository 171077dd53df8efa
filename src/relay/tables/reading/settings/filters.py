"""The queries that a filter on a table's rows can be. Light: no pandas."""

from __future__ import annotations

import ast
import re

METHODS = (
    "isin", "notna", "isna", "between", "abs", "round",
    "str.contains", "str.startswith", "str.endswith", "str.lower", "str.upper", "str.strip",
    "str.len",
)  # fmt: skip
"""The methods that a filter may call."""

ALLOWED = (
    "Allowed are columns, values, lists, comparisons, and, or, not, & | ~, arithmetic and the "
    f"methods {', '.join(METHODS)}."
)

_COLUMN_IN_BACKTICKS = re.compile(r"`(\w+)`")
_HARMLESS = (
    ast.Expression, ast.Name, ast.Constant, ast.List, ast.Tuple, ast.Load, ast.Compare, ast.cmpop,
    ast.BoolOp, ast.boolop, ast.UnaryOp, ast.unaryop, ast.BinOp, ast.operator, ast.keyword,
)  # fmt: skip


def check_filter(query: str) -> str:
    """Return `query`, which can only compare: pandas would also run methods that write files.

    Raises ValueError, with what is allowed, if the query could do more.
    """
    # A column whose name is a word of Python is in backticks. A backtick that is left after this
    # is not around a name, and is an error.
    plain = _COLUMN_IN_BACKTICKS.sub(r" column_\1 ", query).strip()
    try:
        if "`" in plain or "@" in plain:
            raise SyntaxError("'`' and '@' are not allowed here")
        tree = ast.parse(plain, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ValueError(f"{query!r} is not a query on the table's columns: {reason}") from error
    _check(tree, query)
    return query


def _check(node: ast.AST, query: str) -> None:
    if isinstance(node, ast.Call):
        _require(_method(node.func) in METHODS, node.func, query)
        called = node.func
        while isinstance(called, ast.Attribute):  # `x.str.lower`: `x` is left to check
            called = called.value
        parts: list[ast.AST] = [called, *node.args, *node.keywords]
    else:
        hidden = isinstance(node, ast.Name) and node.id.startswith("__")
        _require(isinstance(node, _HARMLESS) and not hidden, node, query)
        parts = list(ast.iter_child_nodes(node))
    for part in parts:
        _check(part, query)


def _method(node: ast.AST) -> str | None:
    """Return `isin` of `x.isin`, `str.lower` of `x.str.lower`."""
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return ".".join(reversed(names)) or None


def _require(holds: bool, node: ast.AST, query: str) -> None:
    if not holds:
        shown = ast.unparse(node)
        raise ValueError(f"{query!r}: {shown!r} is not allowed. {ALLOWED}")
