"""A trace grammar: an ordinary Lark file whose rule aliases name facts and events."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lark import Lark, Token, Tree
from lark.exceptions import GrammarError, LexError, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from tracecourt.errors import SpecError
from tracecourt.grammar.items import Completeness, Item, Raw, Reading
from tracecourt.grammar.terminals import Terminal, terminal
from tracecourt.resources import Library, read_source
from tracecourt.text import Diagnostic, Source, Span

if TYPE_CHECKING:
    import regex

STARTS = ("document", "prompt", "trace")
END = "$END"
RESTARTS = 8  # words before a fault that may together be the beginning of a longer one
NEAR = 400  # characters before a fault in which such words are looked for


@dataclass(frozen=True)
class Word:
    """An argument that is one word."""

    terminal: Terminal


@dataclass(frozen=True)
class Many:
    """Any number of arguments of one of some shapes."""

    of: tuple[Shape, ...]


@dataclass(frozen=True)
class Part:
    """An argument made of several, in one of some ways."""

    ways: tuple[tuple[Shape, ...], ...]


@dataclass(frozen=True)
class Again:
    """An argument of the rule inside which it stands."""

    name: str


Shape = Word | Many | Part | Again


@dataclass(frozen=True)
class Tables:
    """Lark's LALR parser for one start rule.

    `actions` has, for each state and symbol, whether to shift and the next state, or the rule to reduce. `lexers` has, for
    each state, the lexer of the words that may come.
    """

    actions: dict[int, dict[str, tuple[bool, Any]]]
    start: int
    end: int
    lexers: dict[int, Any]

    def forced(self, state: int) -> Any:
        """The rule that is reduced in a state whatever comes next; None when it depends, or when words are shifted."""
        rules = {None if shifts else rule for shifts, rule in self.actions[state].values()}
        return rules.pop() if len(rules) == 1 else None


class _Raw(tuple[Any, ...]):
    """The children of a rule that is no item, with what Lark needs to know of their place, if they have one."""

    place: _Place | None

    @staticmethod
    def of(children: list[Any]) -> _Raw:
        """The children, and the place from the first word in them to the last."""
        made = _Raw(children)
        placed = [place for place in map(_placed, children) if place is not None]
        made.place = _Place(placed[0], placed[-1]) if placed else None
        return made

    @property
    def __lark_meta__(self) -> Callable[[], _Place]:
        place = self.place
        if place is None:  # Lark passes over what has no such attribute
            raise AttributeError
        return lambda: place


def _placed(part: Any) -> Any:
    """Where something stands; None for what holds no word."""
    if isinstance(part, _Raw):
        return part.place
    if isinstance(part, Tree):
        return None if part.meta.empty else part.meta
    return part


class _Place:
    __slots__ = ("column", "end_column", "end_line", "end_pos", "line", "start_pos")

    def __init__(self, first: Any, last: Any) -> None:
        self.start_pos, self.line, self.column = first.start_pos, first.line, first.column
        self.end_pos, self.end_line, self.end_column = last.end_pos, last.end_line, last.end_column


def _somewhere(child: Any) -> bool:
    """Whether a child has a place; a part without words has none."""
    return not (isinstance(child, _Raw) and child.place is None)


class _Builder:
    """Called by Lark at each reduction: items become small trees with a place, all else plain tuples of words."""

    def __init__(self) -> None:
        self.items: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Callable[[list[Any]], Any]:
        if name.startswith("_") or name.isupper():  # lists inside rules, and terminals, stay as Lark makes them
            raise AttributeError(name)

        def reduce(children: list[Any]) -> Any:
            if name in self.items:
                return Tree(name, children)
            return children[0] if len(children) == 1 and isinstance(children[0], Token) else _Raw.of(children)

        return reduce


class TraceGrammar:
    """The grammar of a format's text, for its prompt, its trace, and the whole document."""

    def __init__(self, name: str, source: Source, import_paths: Sequence[Path]) -> None:
        """Build the LALR parser of a Lark file.

        Raises:
            SpecError: when the file is no LALR grammar with the rules `prompt`, `trace` and `document`.
        """
        self.name = name
        self.source = source
        self.made: dict[str, Any] = {}  # the scanners of start rules that were asked for: several formats may share a grammar
        builder = _Builder()
        try:
            self._lark = Lark(
                source.text,
                parser="lalr",
                start=list(STARTS),
                import_paths=[str(p) for p in import_paths],
                propagate_positions=_somewhere,
                transformer=builder,
            )
        except (GrammarError, LexError, UnexpectedInput, OSError) as error:
            raise SpecError([_grammar_fault(source, error)]) from None
        try:
            self.terminals = {
                t.name: terminal(
                    t.name, t.pattern.to_regexp() if t.pattern.type == "re" else t.pattern.value, t.pattern.type == "str"
                )
                for t in self._lark.terminals
            }
        except ValueError as error:
            raise SpecError([Diagnostic(str(error), source, Span(0, 1), "grammar")]) from None
        builder.items = frozenset(r.alias for r in self._lark.rules if r.alias)
        self.items = builder.items

    @staticmethod
    def load(name: str, library: Library) -> TraceGrammar:
        """The grammar of that name.

        Raises:
            InputError: when there is no such file.
            SpecError: when it is faulty.
        """
        path = library.find("grammar", name)
        folders = [root / "grammars" for root in library.roots]
        return TraceGrammar(name, read_source(path), [path.parent, *folders])

    # ------------------------------------------------------------ what the grammar can print
    @property
    def rules(self) -> list[Any]:
        """Lark's rules after its expansion of repetitions and options."""
        return list(self._lark.rules)

    def interactive(self, start: str) -> Any:
        """A Lark interactive parser before its first word."""
        return self._lark.parse_interactive("", start=start)

    def tables(self, start: str) -> Tables:
        """Lark's parser and lexers for a start rule."""
        from lark.parsers.lalr_analysis import Shift

        front: Any = self._lark.parser
        table = front.parser._parse_table
        actions = {
            state: {str(symbol): (action is Shift, what) for symbol, (action, what) in row.items()}
            for state, row in table.states.items()
        }
        return Tables(actions, table.start_states[start], table.end_states[start], front.lexer.lexers)

    @cached_property
    def blank(self) -> str:
        """What separates printed words: a space when the grammar ignores spaces, else nothing."""
        ignored = [self.terminals[name] for name in self._lark.ignore_tokens]
        return " " if any(re.fullmatch(t.pattern, " ") for t in ignored) else ""

    def ways(self, item: str) -> list[list[tuple[Terminal | Shape, bool]]]:
        """The right-hand sides of an item: terminals and shapes in order, and whether each is an argument."""
        return [self._sides(rule) for rule in self._lark.rules if rule.alias == item]

    def shapes(self, item: str) -> tuple[tuple[Shape, ...], ...]:
        """The arguments of an item, one tuple for each of its right-hand sides."""
        return tuple(
            tuple(Word(part) if isinstance(part, Terminal) else part for part, kept in side if kept) for side in self.ways(item)
        )

    def _sides(self, rule: Any, above: frozenset[str] = frozenset()) -> list[tuple[Terminal | Shape, bool]]:
        sides: list[tuple[Terminal | Shape, bool]] = []
        for symbol in rule.expansion:
            if symbol.is_term:
                sides.append((self.terminals[symbol.name], not symbol.filter_out))
            else:
                sides.append((self._shape(symbol.name, above), True))
        return sides

    def _shape(self, name: str, above: frozenset[str] = frozenset()) -> Shape:
        if name in above:
            return Again(name)
        above |= {name} if not name.startswith("_") else set()
        rules = [r for r in self._lark.rules if r.origin.name == name]
        if name.startswith("_"):
            inner = [s for r in rules for s, kept in self._sides_but(r, name, above) if kept]
            return Many(tuple(dict.fromkeys(Word(s) if isinstance(s, Terminal) else s for s in inner)))
        sides = [self._sides(rule, above) for rule in rules]
        ways = [tuple(Word(s) if isinstance(s, Terminal) else s for s, kept in side if kept) for side in sides]
        if all(len(way) == 1 and isinstance(way[0], Word) for way in ways) and len(ways) == 1:
            return ways[0][0]
        return Part(tuple(ways))

    def _sides_but(self, rule: Any, name: str, above: frozenset[str]) -> list[tuple[Terminal | Shape, bool]]:
        kept = [s for s in rule.expansion if s.is_term or s.name != name]
        return self._sides(_Sides(kept), above)

    # ------------------------------------------------------------ reading
    def read(self, source: Source, start: str) -> Reading:
        """The items of a text under one of the rules `document`, `prompt`, `trace`; linear in its length."""
        text = source.text
        try:
            tree = self._lark.parse(text, start=start)
        except UnexpectedInput as error:
            return self._read_broken(source, start, error.pos_in_stream or 0)
        return Reading(source, tuple(self._items([tree])), Completeness.COMPLETE)

    def _read_broken(self, source: Source, start: str, near: int) -> Reading:
        """The items before the place where a text goes wrong, which lies near an offset, and whether it may be cut there."""
        text = source.text
        at: int
        parser: Any = self._lark.parse_interactive(text, start=start)
        words: deque[tuple[int, Any]] = deque(maxlen=RESTARTS)  # where the last words begin, and what may stand there
        try:
            for word in parser.iter_parse():
                if word.start_pos >= near - NEAR:
                    words.append((word.start_pos, parser.copy(deepcopy_values=False)))  # good for `accepts` only
            at, width, cut = len(text.rstrip()), 1, True
        except UnexpectedToken as error:
            at, width = error.token.start_pos or 0, len(error.token)
            cut = False
        except UnexpectedCharacters as error:
            at, width, cut = error.pos_in_stream or 0, 1, False
        accepted = sorted(parser.accepts())
        cut = cut or self._partial(text, at, accepted)
        while not cut and words:  # the beginning of a longer word may have been read as shorter ones
            begun, before = words.pop()
            if self._partial(text, begun, found := sorted(before.accepts())):
                at, width, cut, accepted = begun, len(text) - begun, True, found
                parser = self._end(text[:begun], start)[0]
        items = self._completed(parser, accepted)
        completeness = Completeness.CUT if cut else Completeness.MALFORMED
        shown = _shown(text, at, width)
        expected = tuple(sorted({self._described(name) for name in accepted}))
        return Reading(source, tuple(items), completeness, Span(at, min(at + width, len(text))), shown, expected)

    def _completed(self, parser: Any, accepted: Iterable[str]) -> list[Item]:
        """The items that are complete whatever word comes next."""
        found = [self._before(parser, name) for name in accepted]
        return [self._item(tree) for tree in min(found, key=len, default=[])]

    def _before(self, parser: Any, name: str) -> list[Tree[Any]]:
        """The items that are complete if a terminal comes next."""
        ahead = parser.copy(deepcopy_values=False)
        shared = [(v.children, len(v.children)) for v in ahead.parser_state.value_stack if isinstance(v, Tree)]
        stack = ahead.feed_eof() if name == END else (ahead.feed_token(Token(name, "")), ahead.parser_state.value_stack)[1]
        found = list(self._trees(stack if isinstance(stack, list) else [stack]))
        for children, length in shared:  # Lark extends the children of a repetition in place
            del children[length:]
        return found

    def names_before(self, parser: Any, name: str) -> list[str]:
        """The names of the items that an interactive parser has read if a terminal comes next."""
        return [str(tree.data) for tree in self._before(parser, name)]

    def _partial(self, text: str, at: int, accepted: Iterable[str]) -> bool:
        """Whether the rest of a text is the beginning of a word that may stand there."""
        return any(
            self._pattern(name).fullmatch(text, pos=at, partial=True) is not None
            for name in [*accepted, *self._lark.ignore_tokens]
            if name != END
        )

    def may_be_longer(self, source: Source, start: str) -> bool:
        """Whether the last item of a legal text may go on: with more words, or with more of a last word that carries a text."""
        parser, last = self._end(source.text, start)
        if last is None:
            return False
        whole = len(self._before(parser, END))
        if any(len(self._before(parser, name)) < whole for name in parser.accepts()):
            return True
        terminal, word = self.terminals[last.type], source.text[last.start_pos or 0 :]
        if terminal.literal is not None or terminal.numeric or word[-1].isspace():
            return False
        return any(self._pattern(last.type).fullmatch(" " + word + c, pos=1) for c in "aA0_")

    def growths(self, source: Source, start: str) -> list[str]:
        """The digits that may have been cut from the end of a legal text whose last word is a number; at most three."""
        _, last = self._end(source.text, start)
        if last is None or not self.terminals[last.type].numeric:
            return []
        pattern, word = self._pattern(last.type), source.text[last.start_pos or 0 :]
        digits = (f"{number:0{width}}" for width in (1, 2, 3) for number in range(10**width))
        return [more for more in digits if pattern.fullmatch(" " + word + more, pos=1)]

    def _end(self, text: str, start: str) -> tuple[Any, Token | None]:
        """An interactive parser that has read the beginning of a legal text, and the last word."""
        parser: Any = self._lark.parse_interactive(text, start=start)
        last = None
        for last in parser.iter_parse():  # noqa: B007 the last one is wanted
            pass
        return parser, last

    def begun(self, tail: str) -> set[str]:
        """The items of which a text may be the beginning, by its first word that is no mark between items."""
        rules, tail = [r for r in self._lark.rules if r.alias], tail.lstrip()
        while tail:
            found = {str(r.alias) for r in rules if any(self._begins(name, tail) for name in self._first(r))}
            marks = [m.literal for m in self.terminals.values() if m.literal and tail.startswith(m.literal)]
            mark = max(marks, key=len, default="")
            if found or not mark:
                return found
            tail = tail[len(mark) :].lstrip()
        return set()

    def _begins(self, name: str, tail: str) -> bool:
        pattern = self._pattern(name)
        return pattern.match(tail) is not None or pattern.fullmatch(tail, partial=True) is not None

    def _first(self, rule: Any, above: frozenset[str] = frozenset()) -> set[str]:
        """The terminals with which a right-hand side may begin."""
        if not rule.expansion:
            return set()
        symbol = rule.expansion[0]
        if symbol.is_term:
            return {symbol.name}
        inner = [r for r in self._lark.rules if r.origin.name == symbol.name and symbol.name not in above]
        return {name for r in inner for name in self._first(r, above | {symbol.name})}

    def _pattern(self, name: str) -> regex.Pattern[str]:
        import regex  # knows partial matches; only broken texts need it, and it is slow to load

        if name not in self._patterns:
            self._patterns[name] = regex.compile(self.terminals[name].expression)
        return self._patterns[name]

    @cached_property
    def _patterns(self) -> dict[str, regex.Pattern[str]]:
        return {}

    def _described(self, name: str) -> str:
        if name == END:
            return "the end"
        found = self.terminals[name]
        if found.literal is not None:
            return f'"{found.literal}"'
        value = "a number" if found.numeric else f"a {name.lower()}"
        return f'"{found.prefix}" and {value}' if found.prefix else value

    # ------------------------------------------------------------ trees to items
    def _trees(self, stack: Iterable[Any]) -> Iterable[Tree[Any]]:
        todo = list(stack)[::-1]
        while todo:
            node = todo.pop()
            if isinstance(node, Tree):
                if node.data in self.items:
                    yield node
                else:
                    todo.extend(reversed(node.children))
            elif isinstance(node, _Raw):
                todo.extend(reversed(node))

    def _items(self, stack: Iterable[Any]) -> Iterable[Item]:
        return map(self._item, self._trees(stack))

    def _item(self, tree: Tree[Any]) -> Item:
        meta = tree.meta
        span = Span(0, 0) if meta.empty else Span(meta.start_pos, meta.end_pos)
        return Item(str(tree.data), tuple(self._raw(child) for child in tree.children), span)

    def _raw(self, child: Any) -> Raw:
        """The words of an argument; not by recursion, since a text may nest as deeply as it likes."""
        if isinstance(child, Token):
            return self.terminals[child.type].value(str(child))
        stack: list[tuple[Iterator[Any], list[Raw]]] = [(iter(child), [])]
        while True:
            parts, made = stack[-1]
            for part in parts:
                if not isinstance(part, Token):
                    stack.append((iter(part), []))
                    break
                made.append(self.terminals[part.type].value(str(part)))
            else:
                stack.pop()
                if not stack:
                    return tuple(made)
                stack[-1][1].append(tuple(made))


@dataclass(frozen=True)
class _Sides:
    expansion: list[Any]


def _shown(text: str, at: int, width: int) -> str:
    if at >= len(text):
        return "the text ends"
    word = text[at : at + 40].split(maxsplit=1)
    piece = word[0] if word and not text[at].isspace() else text[at]
    shown = piece if len(piece) <= 20 else piece[:20] + "…"
    return f"{shown!r} stands"


def _grammar_fault(source: Source, error: Exception) -> Diagnostic:
    if isinstance(error, UnexpectedInput):
        at = min(error.pos_in_stream or 0, max(len(source.text) - 1, 0))
        return Diagnostic("this is not a Lark grammar from here on", source, Span(at, at + 1), "grammar")
    message = str(error).strip()
    if "Undefined rule" in message or "Rules aren't allowed" in message or "Using an undefined rule" in message:
        message += "; a trace grammar defines the rules prompt, trace and document"
    return Diagnostic(message, source, Span(0, 1), "grammar")
