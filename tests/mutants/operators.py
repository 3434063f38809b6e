"""Small changes of a module's source, one at a time: what a slip of the programmer may look like.

Only bodies of functions are changed, and in them nothing that says no more than it is read: texts, annotations, decorators, assertions, arguments of errors.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.FloorDiv, ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
_CALLED = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change of one module: `new` for `node`. `name` tells it from all others of the same source, and survives changes elsewhere."""

    file: str
    name: str
    line: int
    source: ast.Module
    node: ast.AST
    new: ast.AST

    @property
    def tree(self) -> ast.Module:
        """The module with the change: a copy, but for what is new."""
        memo: dict[int, object] = {id(self.node): self.new}
        return ast.fix_missing_locations(copy.deepcopy(self.source, memo))


def mutants(file: str, source: str) -> list[Mutant]:
    """All changes of a module, in the order of its text."""
    found: list[Mutant] = []
    counts: Counter[str] = Counter()
    tree = ast.parse(source)
    for where, node in _places(tree):
        for new in _changes(node):
            name = f"{where}: {_shown(node)} -> {_shown(new)}"
            counts[name] += 1
            line = getattr(node, "lineno", 0)
            found.append(Mutant(file=file, name=f"{name} #{counts[name]}", line=line, source=tree, node=node, new=new))
    return found


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else f"{text[:60]} … {text[-27:]}"


def _places(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Each node that may be changed, with the function that it is in."""

    def walk(node: ast.AST, where: tuple[str, ...], is_inside: bool) -> Iterator[tuple[str, ast.AST]]:
        if is_inside:
            yield ".".join(where), node
        match node:
            case ast.FunctionDef():
                inner: list[ast.AST] = [*node.args.defaults, *node.body]
                where, is_inside = (*where, node.name), True
            case ast.ClassDef():
                inner, where = list(node.body), (*where, node.name)
            case ast.Assert() | ast.JoinedStr() | ast.Raise():
                inner = []
            case ast.AnnAssign():
                inner = [node.value] if node.value else []
            case _:
                inner = list(ast.iter_child_nodes(node))
        for child in inner:
            yield from walk(child, where, is_inside)

    yield from walk(tree, (), False)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left=left, ops=[first, *others], comparators=comparators) if type(first) in _COMPARED:
            yield ast.Compare(left=left, ops=[_COMPARED[type(first)](), *others], comparators=comparators)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _COMPUTED:
            yield ast.BinOp(left=left, op=_COMPUTED[type(op)](), right=right)
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in _COMPUTED:
            yield ast.AugAssign(target=target, op=_COMPUTED[type(op)](), value=value)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(op=ast.Or() if isinstance(op, ast.And) else ast.And(), values=values)
            for i in range(len(values)):
                rest = values[:i] + values[i + 1 :]
                yield rest[0] if len(rest) == 1 else ast.BoolOp(op=op, values=rest)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand
        case ast.Constant(value=bool() as value):
            yield ast.Constant(value=not value)
        case ast.Constant(value=int() as value):
            yield ast.Constant(value=value + 1)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords) if name in _CALLED:
            yield ast.Call(func=ast.Name(id=_CALLED[name], ctx=ast.Load()), args=args, keywords=keywords)
        case ast.If(test=test, body=body, orelse=orelse) if not isinstance(
            test, ast.UnaryOp | ast.Compare | ast.BoolOp
        ):
            yield ast.If(test=ast.UnaryOp(op=ast.Not(), operand=test), body=body, orelse=orelse)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            yield ast.IfExp(test=test, body=orelse, orelse=body)
        case ast.comprehension(target=target, iter=iterated, ifs=[_, *others], is_async=is_async):
            yield ast.comprehension(target=target, iter=iterated, ifs=others, is_async=is_async)
        case (
            ast.Expr(value=ast.Call(func=ast.Name(id="assert_never")))
            | ast.Raise(exc=ast.Call(func=ast.Name(id="AssertionError")))
        ):
            return
        case ast.Expr(value=ast.Call()) | ast.Raise() | ast.Continue() | ast.Break():
            yield ast.Pass()
        case _:
            return
