"""Specification text → syntax tree, and every syntax error with its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.indenter import DedentError, Indenter

from tracecourt.errors import SpecError, raise_all
from tracecourt.resources import cache_file, kept, library_root, read_source
from tracecourt.spec import syntax as s
from tracecourt.spec import trees
from tracecourt.spec.trees import Reader
from tracecourt.text import Diagnostic, Note, Source, Span


class _Misplaced(Exception):
    """A word that starts where no word can start, though the grammar would let it."""

    def __init__(self, message: str, at: int) -> None:
        self.at = at
        super().__init__(message)


class _Blocks(Indenter):
    NL_type = "_NL"
    OPEN_PAREN_types: ClassVar[list[str]] = ["LPAR", "LSQB", "LBRACE"]
    CLOSE_PAREN_types: ClassVar[list[str]] = ["RPAR", "RSQB", "RBRACE"]
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Token] = []

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        self.opened = []
        tokens: Iterator[Token] = super().process(self._watched(stream))  # type: ignore[no-untyped-call]
        return tokens

    def handle_NL(self, token: Token) -> Iterator[Token]:
        try:
            yield from super().handle_NL(token)
        except DedentError:
            message = "this line returns to a depth that no earlier line had; indent it like the lines that it belongs to"
            raise _Misplaced(message, token.end_pos or 0) from None

    def _watched(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The same tokens; remembers the brackets that are open, and keeps words apart."""
        before = Token("", "")
        for token in stream:
            if before.end_pos == token.start_pos and _word(before[-1:]) and _word(token[:1]):
                raise _Misplaced(f"put a space between {before!s:.24} and {token!s:.24}", token.start_pos or 0)
            if token.type in self.OPEN_PAREN_types:
                self.opened.append(token)
            elif token.type in self.CLOSE_PAREN_types and self.opened:
                self.opened.pop()
            before = token
            yield token


def _word(character: str) -> bool:
    return character.isalnum() or character == "_"


@cache
def _language() -> tuple[Lark, _Blocks]:
    grammar, blocks = read_source(library_root() / "grammars" / "spec.lark").text, _Blocks()
    starts = ["start", "expr"]
    tables = cache_file(f"spec-{sys.version_info.major}.{sys.version_info.minor}.lalr")  # they take long to compute
    lark = Lark(
        grammar,
        parser="lalr",
        start=starts,
        postlex=blocks,
        propagate_positions=True,
        maybe_placeholders=True,
        cache=str(tables) if tables else False,
    )
    return lark, blocks


def parse(source: Source) -> tuple[s.Declaration, ...]:
    """The declarations in a specification file.

    Raises:
        SpecError: where the text is not in the language.
    """
    tree = _tree(source, source.text.rstrip() + "\n", "start", 0)
    builder = _Builder(source, 0)
    declarations = tuple(builder.declaration(child) for child in tree.children)
    raise_all(builder.diagnostics)
    return declarations


def parse_shipped(source: Source) -> tuple[s.Declaration, ...]:
    """The declarations in a file of the library that comes with the package; they are kept from one run to the next."""
    name = source.name.replace("/", "-").replace("\\", "-")
    return kept(f"{name}.declarations", f"{_version()}\n{source.name}\n{source.text}", lambda: parse(source))


@cache
def _version() -> str:
    """What the shape of declarations depends on: the language's grammar and the code that reads it."""
    files = (library_root() / "grammars" / "spec.lark", *map(Path, (__file__, s.__file__, trees.__file__)))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def parse_expression(source: Source, span: Span) -> s.Expression:
    """The expression that stands in a part of a source.

    Raises:
        SpecError: where the text is not an expression.
    """
    builder = _Builder(source, span.start)
    try:
        expression = builder.expression(_tree(source, source.slice(span), "expr", span.start))
    except RecursionError:
        raise too_deep(source, span) from None
    raise_all(builder.diagnostics)
    return expression


def too_deep(source: Source, span: Span) -> SpecError:
    """The fault of an expression or sort that is nested beyond what the interpreter's stack holds."""
    return SpecError([Diagnostic("this is nested too deeply", source, span, "syntax")])


def _tree(source: Source, text: str, start: str, offset: int) -> Tree[Token]:
    language, blocks = _language()
    try:
        return language.parse(text, start=start)
    except UnexpectedToken as error:
        what, span = _unexpected(error.token, text, offset)
        message = f"{what} is not expected here; expected {_expected(error.accepts or error.expected)}"
    except UnexpectedCharacters as error:
        at = min(error.pos_in_stream or 0, len(text) - 1)
        message = f"{text[at]!r} is not expected here; expected {_expected(error.allowed or set())}"
        span = Span(offset + at, offset + at + 1)
    except _Misplaced as error:
        message, span = str(error), Span(offset + error.at, offset + error.at + 1)
    except (UnexpectedInput, RecursionError):
        message, span = "this cannot be read", Span(offset, offset + 1)
    places = [offset + (bracket.start_pos or 0) for bracket in blocks.opened[-1:]]
    notes = tuple(Note(f"this {source.text[at]} is not closed", source, Span(at, at + 1)) for at in places)
    raise SpecError([Diagnostic(message, source, span, "syntax", notes)])


def _unexpected(token: Token, text: str, offset: int) -> tuple[str, Span]:
    """What stands where it is not expected, and where that is."""
    end = len(text.rstrip())
    start, after = token.start_pos or 0, token.end_pos or 0
    match token.type:
        case "_INDENT" | "_DEDENT" if after <= end:
            what = "a deeper indentation" if token.type == "_INDENT" else "a shallower indentation"
            return what, Span(offset + after, offset + after + 1)
        case "$END" | "_INDENT" | "_DEDENT":
            return "the end", Span(offset + end, offset + end + 1)
        case "_NL":
            return "the end of the line", Span(offset + start, offset + start + 1)
    return str(token), Span(offset + start, offset + after)


def _expected(terminals: Any) -> str:
    patterns = {t.name: t.pattern for t in _language()[0].terminals}
    words = set()
    for name in terminals:
        kind = {"_NL": "the end of the line", "_INDENT": "an indented block", "_DEDENT": "the end of the block"}
        kind |= {"NAME": "a name", "LABEL": "a label", "INT": "a number", "STRING": "a text", "DECIMAL": "a number"}
        kind |= {"COMPARE": "a comparison", "ADD": "+", "MULTIPLY": "*", "QUANTIFIER": "all", "$END": "the end"}
        word = kind.get(name) or (patterns[name].value if name in patterns else name)
        words.add(word)
    shown = sorted(words)
    return shown[0] if len(shown) == 1 else f"one of: {', '.join(shown)}"


class _Builder(Reader):
    """Turns Lark trees of declarations into syntax nodes."""

    # ------------------------------------------------------------ declarations
    def declaration(self, tree: Any) -> s.Declaration:
        name, *rest = tree.children
        doc, items = self.documented(rest)
        return s.Declaration(self.span(name), str(tree.data), str(name), doc, tuple(map(self.item, items)), self.source)

    def documented(self, children: Any) -> tuple[str, Any]:
        """The text that a block begins with, and what follows it."""
        if children and children[0].data == "doc":
            return " ".join(str(line)[1:-1] for line in children[0].children), children[1:]
        return "", children

    def item(self, tree: Any) -> s.Item:
        build: Callable[[Any, Span], s.Item] = getattr(self, f"item_{tree.data}")
        first = next((c for c in tree.children if isinstance(c, Token)), None)
        span = self.span(first) if first is not None else self.word(tree)
        try:
            return build(tree.children, span)
        except RecursionError:
            raise too_deep(self.source, span) from None

    def item_param(self, children: Any, span: Span) -> s.Item:
        name, sort, default, inferred = children
        inner = [None if c is None else self.expression(c.children[0]) for c in (default, inferred)]
        return s.Param(span, str(name), self.sort(sort), *inner)

    def item_sort(self, children: Any, span: Span) -> s.Item:
        return s.Sort(span, str(children[0]), self.sort(children[1]))

    def item_need_sort(self, children: Any, span: Span) -> s.Item:
        return s.Need(span, str(children[0]), None, None, None)

    def item_need_value(self, children: Any, span: Span) -> s.Item:
        return s.Need(span, str(children[0]), None, self.sort(children[1]), None)

    def item_need_default(self, children: Any, span: Span) -> s.Item:
        name, sort, default = children
        return s.Need(span, str(name), (), self.sort(sort), self.expression(default))

    def item_need_function(self, children: Any, span: Span) -> s.Item:
        default = self.expression(children[3]) if len(children) > 3 else None
        return s.Need(span, str(children[0]), self.parameters(children[1]), self.sort(children[2]), default)

    def item_fact(self, children: Any, span: Span) -> s.Item:
        return s.Fact(span, str(children[0]), self.sort(children[1]))

    def item_define(self, children: Any, span: Span) -> s.Item:
        name, parameters, sort, body = children
        inner = () if parameters is None else self.parameters(parameters)
        return s.Define(span, str(name), inner, self.sort(sort), self.expression(body))

    def item_demand(self, children: Any, span: Span) -> s.Item:
        label, condition, message = children
        return s.Requirement(span, None, str(label), self.expression(condition), self.message(message))

    def item_claim(self, children: Any, span: Span) -> s.Item:
        return s.Claim(span, *self.promise(children))

    def item_lemma(self, children: Any, span: Span) -> s.Item:
        return s.Lemma(span, *self.promise(children))

    def promise(self, children: Any) -> tuple[str, tuple[str, ...], s.Expression, s.Message]:
        label, under, condition, message = children
        assumed = () if under is None else tuple(str(name) for name in under.children)
        return str(label), assumed, self.expression(condition), self.message(message)

    def item_given(self, children: Any, span: Span) -> s.Item:
        return s.Given(span, str(children[0]), (), self.expression(children[1]), s.Message(span, ()))

    def item_small(self, children: Any, span: Span) -> s.Item:
        return s.Small(span, tuple(map(self.expression, children)))

    def item_state(self, children: Any, span: Span) -> s.Item:
        return s.State(span, tuple(self.variable(child) for child in children))

    def variable(self, tree: Any) -> s.Variable:
        name, sort, default = tree.children
        initial = None if default is None else self.expression(default.children[0])
        return s.Variable(self.span(name), str(name), self.sort(sort), initial)

    def item_initially(self, children: Any, span: Span) -> s.Item:
        return s.Initially(span, tuple(self.update(c) for c in children if c is not None and c.data != "doc"))

    def item_event(self, children: Any, span: Span) -> s.Item:
        name, parameters, *rest = children
        doc, rest = self.documented(rest)
        requirements = tuple(self.requirement(c) for c in rest if c.data == "requirement")
        updates = tuple(self.update(c) for c in rest if c.data != "requirement")
        return s.Event(span, str(name), self.parameters(parameters), doc, requirements, updates)

    def item_answer(self, children: Any, span: Span) -> s.Item:
        name, parameters, *rest = children
        doc, rest = self.documented(rest)
        requirements = tuple(self.requirement(c) for c in rest if c.data == "requirement")
        return s.Answer(span, str(name), self.parameters(parameters), doc, requirements, self.clauses(rest))

    def item_answer_of(self, children: Any, span: Span) -> s.Item:
        name, event, *rest = children
        doc, rest = self.documented(rest)
        return s.Answer(span, str(name), (), doc, (), self.clauses(rest), (str(event), self.span(event)))

    def clauses(self, children: Any) -> tuple[tuple[str, Span, s.Expression], ...]:
        found = (c for c in children if c.data == "clause")
        return tuple((str(c.children[0]), self.span(c.children[0]), self.expression(c.children[1])) for c in found)

    def item_ending(self, children: Any, span: Span) -> s.Item:
        return s.Ending(span, tuple(map(self.requirement, self.documented(children)[1])))

    def item_sample(self, children: Any, span: Span) -> s.Item:
        return s.Sample(span, tuple(map(self.step, self.documented(children)[1])))

    def step(self, tree: Any) -> s.Step:
        kind = str(tree.data)
        name = "" if kind == "reject" else str(tree.children[0])
        return s.Step(self.span(tree), kind, name, self.expression(tree.children[-1]))

    def item_trace(self, children: Any, span: Span) -> s.Item:
        expected, domain, *rest = children
        doc, rest = self.documented(rest)
        span, (verdict, rule, at) = self.span(expected), expected.children
        named = None if rule is None else "/".join(map(str, rule.children))
        settings, events = [], []
        for child in rest:
            name, value = child.children
            if child.data == "setting":
                settings.append((str(name), self.span(name), self.expression(value)))
            else:
                events.append((str(name), self.span(name), self.arguments(value)))
        index = None if at is None else self.integer(at)
        return s.TraceBlock(span, str(verdict), named, index, str(domain), doc, tuple(settings), tuple(events))

    def item_source(self, children: Any, span: Span) -> s.Item:
        return s.Use(span, "source", str(children[0])[1:-1])

    def item_use_grammar(self, children: Any, span: Span) -> s.Item:
        return s.Use(span, "grammar", str(children[0]))

    def item_use_domain(self, children: Any, span: Span) -> s.Item:
        return s.Use(span, "domain", str(children[0]))

    def item_use_procedure(self, children: Any, span: Span) -> s.Item:
        return s.Use(span, "procedure", str(children[0]))

    def item_fix(self, children: Any, span: Span) -> s.Item:
        name, value = children[0].children
        return s.Fix(self.span(name), str(name), self.expression(value))

    def item_shows(self, children: Any, span: Span) -> s.Item:
        *arguments, sort, value = children
        named = tuple((str(a.children[0]), str(a.children[1]), self.span(a.children[0])) for a in arguments)
        return s.Shows(named[0][2], named, self.sort(sort), self.expression(value))

    def item_hides(self, children: Any, span: Span) -> s.Item:
        hidden = tuple(
            (str(c.data).removeprefix("hidden_"), str(c.children[0]), str(c.children[-1]), self.span(c.children[0]))
            for c in children
        )
        return s.Hides(hidden[0][3], hidden)

    def parameters(self, tree: Any) -> tuple[s.Parameter, ...]:
        found = [c for c in tree.children if c is not None]
        return tuple(s.Parameter(self.span(c.children[0]), str(c.children[0]), self.sort(c.children[1])) for c in found)

    def requirement(self, tree: Any) -> s.Requirement:
        level, label, condition, message = tree.children
        return s.Requirement(self.span(label), str(level), str(label), self.expression(condition), self.message(message))

    def update(self, tree: Any) -> s.Update:
        span, kind, children = self.span(tree), str(tree.data), tree.children
        if kind == "when":
            block = tuple(self.update(child) for child in children[1:])
            return s.Update(span, kind, "", None, self.expression(children[0]), block)
        key = self.expression(children[1]) if kind == "put" else None
        return s.Update(span, kind, str(children[0]), key, self.expression(children[-1]))

    def message(self, token: Token) -> s.Message:
        """Split `"{a} is not {b}"` at its braces; `{{` and `}}` stand for themselves."""
        span = self.span(token)
        text, literal, position = str(token), "", 1
        parts: list[str | s.Expression] = []
        while position < len(text) - 1:
            two, one = text[position : position + 2], text[position]
            if two in ("{{", "}}"):
                literal, position = literal + one, position + 2
            elif one == "{":
                stop = _closing(text, position)
                inner = Span(span.start + position + 1, span.start + stop)
                if not text[position + 1 : stop].strip():
                    here = Span(span.start + position, span.start + position + 1)
                    self.fault("a { in a message must enclose an expression; write {{ for the character", here)
                    break
                try:
                    expression = parse_expression(self.source, inner)
                except SpecError as error:
                    self.diagnostics.extend(error.diagnostics)
                else:
                    parts.extend([literal, expression] if literal else [expression])
                literal, position = "", stop + 1
            elif one == "}":
                here = Span(span.start + position, span.start + position + 1)
                self.fault("this } in a message closes nothing; write }} for the character", here)
                break
            else:
                literal, position = literal + one, position + 1
        return s.Message(span, tuple([*parts, literal] if literal else parts))


def _closing(text: str, opening: int) -> int:
    """The place of the brace that closes the one at `opening`; `opening` itself when there is none."""
    depth = 0
    for at in range(opening, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return opening
