"""Substitution of `{expression}` in the catalogue's strings: arithmetic on names, and nothing else."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from convlens.errors import UserError

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_BINARY: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.Gt: operator.gt,
}


def evaluate(text: str, names: Mapping[str, Any]) -> Any:
    """Value of an expression such as `4 * width`, `stride == 1 and i > 0` or `64 if wide else 32`."""
    try:
        return _evaluate(ast.parse(text.strip(), mode="eval").body, names)
    except SyntaxError:
        raise UserError(f"catalogue: {text!r} is no expression") from None


def _evaluate(node: ast.AST, names: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            if name not in names:
                raise UserError(f"catalogue: the parameter {name!r} has no value here")
            return names[name]
        case ast.BinOp(left, op, right) if type(op) in _BINARY:
            return _BINARY[type(op)](_evaluate(left, names), _evaluate(right, names))
        case ast.Compare(left, [op], [right]) if type(op) in _BINARY:
            return _BINARY[type(op)](_evaluate(left, names), _evaluate(right, names))
        case ast.BoolOp(op, values):
            fold = all if isinstance(op, ast.And) else any
            return fold(_evaluate(value, names) for value in values)
        case ast.IfExp(test, body, orelse):
            return _evaluate(body if _evaluate(test, names) else orelse, names)
        case ast.Subscript(value, index):
            return _evaluate(value, names)[_evaluate(index, names)]
    raise UserError(f"catalogue: {ast.unparse(node)!r} is more than the catalogue's expressions can say")


def substitute(value: Any, names: Mapping[str, Any]) -> Any:
    """Replace placeholders in strings, deeply. A string that is one placeholder takes its value's own type."""
    if isinstance(value, str):
        if whole := _PLACEHOLDER.fullmatch(value):
            return evaluate(whole[1], names)
        return _PLACEHOLDER.sub(lambda match: str(evaluate(match[1], names)), value)
    if isinstance(value, list):
        return [substitute(item, names) for item in value]
    if isinstance(value, dict):
        return {key: substitute(item, names) for key, item in value.items()}
    return value
