"""Whether what a trace grammar describes is regular, and if it is, the automaton that runs through it word by word.

The automaton is Lark's own LALR parser with its stack folded into the state. That is possible when the stack cannot grow
without bound, that is, when no rule contains itself behind anything else; the repetitions of Lark (`*`, `+`) never do.
So nothing is decided anew here: not the order of words, and not what belongs to which rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tracecourt.grammar.choices import Choices
from tracecourt.grammar.trace_grammar import END, Tables, TraceGrammar

MOST_STATES = 4_000
MOST_WAYS = 32  # from one stop


class NotRegular(Exception):
    """A grammar has no scanner; the message says why, in a sentence."""


@dataclass(frozen=True)
class Reduction:
    """What becomes of the children of a rule when it is complete: of those that carry a value, which are kept and how.

    `item` is the name under which the rule is an item, or empty. `hollow` rules hold items and have no value of their own.
    A `lone` child stands for its rule; an `inlined` rule gives its children to its parent.
    """

    item: str
    hollow: bool
    size: int
    kept: tuple[tuple[int, bool], ...]
    lone: bool
    inlined: bool


Action = Reduction | None  # None: the word of the edge is read


@dataclass(frozen=True)
class Edge:
    """A word that may come next: what Lark does before it, the word itself, and what is complete whatever follows."""

    terminal: str
    pattern: str
    actions: tuple[Action, ...]
    target: int

    @property
    def emits(self) -> bool:
        """Whether an item becomes complete."""
        return any(action is not None and action.item for action in self.actions)


@dataclass
class State:
    """A place between two words: what is ignored there, what may come, and what is complete if the text ends.

    `finish` is None where the text may not end.
    """

    ignored: str
    finish: tuple[Reduction, ...] | None
    edges: list[Edge] = field(default_factory=list)


Stack = tuple[int, ...]


@dataclass(frozen=True)
class Automaton:
    """The states of a start rule; the first one is where a text begins."""

    states: tuple[State, ...]

    @staticmethod
    def of(grammar: TraceGrammar, start: str) -> Automaton:
        """The automaton of a start rule.

        Raises:
            NotRegular: when there is none.
        """
        rules = Rules(grammar, start)
        rules.refuse()
        return Automaton(tuple(_Folding(grammar.tables(start), rules).states()))


class Rules:
    """The rules that a start rule reaches, and what is done with their children."""

    def __init__(self, grammar: TraceGrammar, start: str) -> None:
        self.grammar = grammar
        self._by_origin: dict[str, list[Any]] = {}
        for rule in grammar.rules:
            self._by_origin.setdefault(rule.origin.name, []).append(rule)
        self.reached = self._below(start) | {start}

    def _below(self, name: str) -> set[str]:
        """The rules that may stand inside a rule, however deep."""
        found: set[str] = set()
        todo = [name]
        while todo:
            for rule in self._by_origin[todo.pop()]:
                inner = {s.name for s in rule.expansion if not s.is_term} - found
                found |= inner
                todo += inner
        return found

    @cached_property
    def _itemised(self) -> set[str]:
        """The rules that are items in one of their ways."""
        return {name for name in self.reached if any(self._item(rule) for rule in self._by_origin[name])}

    @cached_property
    def _hollow(self) -> set[str]:
        return {name for name in self.reached if name in self._itemised or self._below(name) & self._itemised}

    def _item(self, rule: Any) -> str:
        name = _callback(rule)
        return name if name in self.grammar.items else ""

    # ------------------------------------------------------------ what has no scanner
    def refuse(self) -> None:
        """Raise NotRegular for what cannot be scanned."""
        for name in self._by_origin:
            for why in self._objections(name) if name in self.reached else ():
                raise NotRegular(why)

    def _objections(self, name: str) -> Iterator[str]:
        if name in self._itemised and (inner := sorted(self._below(name) & self._itemised)):
            yield f"the item {name} contains the item {inner[0]}"
        for rule in self._by_origin[name]:
            if rule.options.empty_indices:
                yield f"the rule {name} has an optional part in [ ]; as ( )? it could be scanned"
        yield from self._recursion(name)

    def _recursion(self, name: str) -> Iterator[str]:
        """Why a rule that contains itself is too much; one that only begins with itself is a repetition."""
        circle = {name} | {inner for inner in self._below(name) if name in self._below(inner)}
        sides = [
            (index, len(rule.expansion) - 1 - index)
            for origin in circle
            for rule in self._by_origin[origin]
            for index, symbol in enumerate(rule.expansion)
            if not symbol.is_term and symbol.name in circle and origin in self._below(symbol.name) | {symbol.name}
        ]
        others = sorted(circle - {name})
        by = f", by way of {' and '.join(others)}" if others else ""
        if any(before for before, _ in sides):
            if any(behind for _, behind in sides):
                yield f"the rule {name} contains itself in the middle{by}"
            else:
                yield f"the rule {name} contains itself at its end{by}; as a repetition with * or + it could be scanned"

    # ------------------------------------------------------------ what Lark does with children
    def reduction(self, rule: Any) -> Reduction:
        """What Lark's tree builder, and ours behind it, make of a rule."""
        valued = [i for i, s in enumerate(rule.expansion) if s.is_term or s.name not in self._hollow]
        name = rule.origin.name
        kept = tuple(
            (valued.index(i), not symbol.is_term and symbol.name.startswith("_"))
            for i, symbol in enumerate(rule.expansion)
            if i in valued and (rule.options.keep_all_tokens or not (symbol.is_term and symbol.filter_out))
        )
        return Reduction(
            item=self._item(rule),
            hollow=name in self._hollow,
            size=len(valued),
            kept=kept,
            lone=bool(rule.options.expand1 and not rule.alias),
            inlined=_callback(rule).startswith("_"),
        )


def _callback(rule: Any) -> str:
    """The name under which Lark hands a rule to a tree builder."""
    return str(rule.alias or rule.options.template_source or rule.origin.name)


class _Folding:
    """The walk through all stacks of a parser."""

    def __init__(self, tables: Tables, rules: Rules) -> None:
        self.tables, self.rules = tables, rules
        self._choices: dict[int, Choices] = {}
        self._reductions: dict[Any, Reduction] = {}

    def states(self) -> list[State]:
        found: dict[Any, int] = {}
        states: list[State] = []
        todo: list[tuple[int, list[tuple[str, str, tuple[Action, ...], Stack, int]]]] = []

        def number(stack: Stack, lexer: int) -> int:
            """The state of a stack and of the lexer in use there; lexers that offer the same words are the same."""
            finish, moves = self._finish(stack), list(self._moves(stack, lexer))
            ignored = self._words(lexer).ignored
            key = (stack, ignored, tuple((terminal, pattern) for terminal, pattern, *_ in moves))
            if key not in found:
                if len(states) == MOST_STATES:
                    raise NotRegular(f"its words can stand in more than {MOST_STATES} ways to each other")
                found[key] = len(states)
                states.append(State(ignored, finish))
                todo.append((found[key], moves))
            return found[key]

        number((self.tables.start,), self.tables.start)
        while todo:
            here, moves = todo.pop()
            for terminal, pattern, actions, stack, lexer in moves:
                states[here].edges.append(Edge(terminal, pattern, actions, number(stack, lexer)))
        return states

    def _words(self, lexer: int) -> Choices:
        if lexer not in self._choices:
            self._choices[lexer] = Choices(self.tables.lexers[lexer])
        return self._choices[lexer]

    def _moves(self, stack: Stack, lexer: int) -> Iterator[tuple[str, str, tuple[Action, ...], Stack, int]]:
        for terminal, pattern in self._words(lexer).patterns.items():
            if (found := self._fed(stack, terminal)) is not None:
                before, shifted = found
                after, settled = self._settled(shifted)
                yield terminal, pattern, (*before, None, *after), settled, shifted[-1]

    def _fed(self, stack: Stack, terminal: str) -> tuple[list[Reduction], Stack] | None:
        """The reductions before a word, and the stack behind it; None where Lark does not expect it."""
        done: list[Reduction] = []
        while (step := self.tables.actions[stack[-1]].get(terminal)) is not None:
            shifts, what = step
            if shifts:
                return done, (*stack, what)
            stack = self._reduced(stack, what, done)
        return None

    def _finish(self, stack: Stack) -> tuple[Reduction, ...] | None:
        done: list[Reduction] = []
        while stack[-1] != self.tables.end:
            step = self.tables.actions[stack[-1]].get(END)
            if step is None:
                return None
            stack = self._reduced(stack, step[1], done)
        return tuple(done)

    def _settled(self, stack: Stack) -> tuple[list[Reduction], Stack]:
        """The reductions that follow whatever the next word is. A wrong word is found before anything else is read."""
        done: list[Reduction] = []
        while (rule := self.tables.forced(stack[-1])) is not None:
            stack = self._reduced(stack, rule, done)
        return done, stack

    def _reduced(self, stack: Stack, rule: Any, done: list[Reduction]) -> Stack:
        if rule not in self._reductions:
            self._reductions[rule] = self.rules.reduction(rule)
        done.append(self._reductions[rule])
        rest = stack[: len(stack) - len(rule.expansion)]
        return (*rest, self.tables.actions[rest[-1]][rule.origin.name][1])


def paths(automaton: Automaton) -> dict[int, list[list[Edge]]]:
    """The ways between the stops of an automaton, so that an item with a fixed number of words is a single way.

    Stops are the first state, those where an item is complete, where the text may end, and one of every circle.
    """
    stops = {0} | {i for i, s in enumerate(automaton.states) if s.finish is not None}
    stops |= {edge.target for state in automaton.states for edge in state.edges if edge.emits}
    stops |= _circles(automaton, stops)
    found = {stop: _ways(automaton, stop, stops) for stop in stops}
    if any(ways is None for ways in found.values()):
        entries = [edge.target for state in automaton.states for edge in state.edges]
        stops |= {target for target in set(entries) if entries.count(target) > 1}
        found = {stop: _ways(automaton, stop, stops) for stop in stops}
    if any(ways is None for ways in found.values()):
        raise NotRegular("too many words can follow one another in too many ways")
    return {stop: ways for stop, ways in found.items() if ways is not None}


def _ways(automaton: Automaton, stop: int, stops: set[int]) -> list[list[Edge]] | None:
    """All ways from a stop to the next; None when they are too many."""
    done: list[list[Edge]] = []
    todo = [[edge] for edge in reversed(automaton.states[stop].edges)]
    while todo:
        way = todo.pop()
        if way[-1].target in stops:
            done.append(way)
        else:
            todo += [[*way, edge] for edge in reversed(automaton.states[way[-1].target].edges)]
        if len(done) + len(todo) > MOST_WAYS:
            return None
    return done


def _circles(automaton: Automaton, stops: set[int]) -> set[int]:
    """States such that every circle without a stop passes through one of them."""
    found: set[int] = set()
    done: set[int] = set()
    for origin in range(len(automaton.states)):
        inside: dict[int, Iterator[Edge]] = {} if origin in done else {origin: iter(automaton.states[origin].edges)}
        while inside:
            here, edges = next(reversed(inside.items()))
            edge = next(edges, None)
            if edge is None:
                done.add(here)
                del inside[here]
            elif edge.target in inside:
                found |= {edge.target} - stops
            elif edge.target not in done and edge.target not in stops:
                inside[edge.target] = iter(automaton.states[edge.target].edges)
    return found
