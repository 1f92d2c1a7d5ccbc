"""Lark trees of expressions and sorts → syntax nodes."""

from __future__ import annotations

from typing import Any

from lark import Token, Tree

from tracecourt.spec import syntax as s
from tracecourt.text import Diagnostic, Source, Span

DIGITS = 18


class Reader:
    """Turns Lark trees into syntax nodes; `offset` shifts the spans of texts inside texts."""

    def __init__(self, source: Source, offset: int) -> None:
        self.source = source
        self.offset = offset
        self.diagnostics: list[Diagnostic] = []

    # ------------------------------------------------------------ helpers
    def span(self, tree: Tree[Token] | Token) -> Span:
        """Where something was written, without the blanks after it."""
        if isinstance(tree, Token):
            start = tree.start_pos or 0
            return Span(self.offset + start, self.offset + (tree.end_pos or start))
        if tree.meta.empty:
            return Span(self.offset, self.offset)
        end = min(tree.meta.end_pos, len(self.source.text))
        while end > tree.meta.start_pos and self.source.text[self.offset + end - 1 : self.offset + end].isspace():
            end -= 1
        return Span(self.offset + tree.meta.start_pos, self.offset + end)

    def word(self, tree: Tree[Token]) -> Span:
        """The word that a block begins with."""
        start = self.span(tree).start
        return Span(start, start + len(self.source.text[start:].split(maxsplit=1)[0]))

    def fault(self, message: str, span: Span) -> None:
        """Remember a syntax error."""
        self.diagnostics.append(Diagnostic(message, self.source, span, "syntax"))

    # ------------------------------------------------------------ sorts
    def sort(self, tree: Any) -> s.SortExpression:
        """A sort as written."""
        kind, span = str(tree.data), self.span(tree)
        children = tree.children
        if kind == "named":
            return s.SortExpression(self.span(children[0]), kind, names=(str(children[0]),))
        if kind == "enum":
            return s.SortExpression(span, kind, names=tuple(str(child).strip('"') for child in children))
        if kind == "range":
            return s.SortExpression(span, kind, bounds=(self.expression(children[0]), self.expression(children[1])))
        if kind in ("tuple_of", "queue_of"):
            fields = [c for c in children if isinstance(c, Tree) and c.data == "field"]
            if kind == "tuple_of" and len(fields) == 1 and fields[0].children[0] is None:
                return self.sort(fields[0].children[1])  # parentheses that only group
            bounds = (self.expression(children[-1]),) if kind == "queue_of" else ()
            names = tuple("" if f.children[0] is None else str(f.children[0]) for f in fields)
            return s.SortExpression(span, kind, tuple(self.sort(f.children[1]) for f in fields), names, bounds)
        return s.SortExpression(span, kind, tuple(self.sort(child) for child in children))

    # ------------------------------------------------------------ expressions
    def expression(self, tree: Any) -> s.Expression:
        """An expression as written."""
        span, children = self.span(tree), tree.children
        match str(tree.data):
            case "name":
                return s.Name(span, str(children[0]))
            case "integer":
                return s.Literal(span, self.integer(children[0]))
            case "decimal":
                whole, fraction = str(children[0]).split(".")
                return s.Literal(span, (self.digits(whole + fraction, span), 10 ** min(len(fraction), DIGITS)))
            case "string":
                return s.Literal(span, str(children[0])[1:-1])
            case "true" | "false" as word:
                return s.Literal(span, word == "true")
            case "none":
                return s.Literal(span, None)
            case "apply":
                return s.Apply(span, str(children[0]), self.arguments(children[1]))
            case "field_of":
                return s.FieldOf(span, self.expression(children[0]), str(children[1]))
            case "index":
                return s.Index(span, self.expression(children[0]), self.expression(children[1]))
            case "conditional":
                return s.Conditional(span, *map(self.expression, children))
            case "quantified":
                return s.Quantified(span, str(children[0]), self.binder(children[1]), self.expression(children[2]))
            case "aggregate":
                return s.Aggregate(span, str(children[0]), self.expression(children[1]), self.binder(children[2]))
            case "least":
                name, source, guard, key = children
                binder = self.bound(span, [name], source, guard)
                return s.Least(span, binder, self.expression(key))
            case "arithmetic" | "compare":
                left, operator, right = children
                return s.Operation(span, str(operator), (self.expression(left), self.expression(right)))
            case "tuple" | "list" | "set" as kind:
                return s.Collection(span, kind, tuple(self.expression(c) for c in children if c is not None))
            case "empty":
                return s.Collection(span, "empty", ())
            case "map":
                return s.Collection(span, "map", tuple(self.pair(c) for c in children))
            case "each_list" | "each_set" as kind:
                head = (self.expression(children[0]),)
                return s.Comprehension(span, kind[5:], head, self.binder(children[1]))
            case "each_map":
                return s.Comprehension(span, "map", self.pair(children[0]), self.binder(children[1]))
            case operator:
                spelling = _OPERATORS[operator]
                return s.Operation(span, spelling, tuple(map(self.expression, children)))

    def integer(self, token: Token) -> int:
        """The number that a token writes."""
        return self.digits(str(token), self.span(token))

    def digits(self, text: str, span: Span) -> int:
        """The number that digits write, reported when they are too many."""
        if len(text) > DIGITS:
            self.fault(f"numbers of more than {DIGITS} digits are not supported", span)
            return 0
        return int(text)

    def pair(self, tree: Any) -> tuple[s.Expression, s.Expression]:
        """A key and its value."""
        return self.expression(tree.children[0]), self.expression(tree.children[1])

    def binder(self, tree: Any) -> s.Binder:
        """`names in source if guard`."""
        names, source, guard = tree.children
        return self.bound(self.span(tree), names.children, source, guard)

    def bound(self, span: Span, names: Any, source: Any, guard: Any) -> s.Binder:
        """The same, from its parts."""
        bound = tuple((str(n), self.span(n)) for n in names)
        return s.Binder(span, bound, self.expression(source), None if guard is None else self.expression(guard))

    def arguments(self, tree: Any) -> tuple[s.Expression, ...]:
        """The expressions between the brackets of a call."""
        return tuple(self.expression(c) for c in tree.children if c is not None)


_OPERATORS = {
    "implies": "=>",
    "or_": "or",
    "and_": "and",
    "not_": "not",
    "equal": "=",
    "contained": "in",
    "excluded": "not in",
    "fallback": "??",
    "negative": "-",
}
