"""Texts that show less than the run: is there a run of the procedure behind what is shown?

An explicit search over pairs of state and position in the text. From a state, the next printed event may be any legal event
that looks like it (arguments may be hidden, or shown in part), and an event that the text hides may happen unseen. States
are remembered by what the rules can see of them, so that orders that come to the same are tried once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tracecourt.engines.interpreter import UNDEFINED, Action, Interpreter
from tracecourt.engines.legal import LegalEvents
from tracecourt.engines.primitives import Registers, TooLarge, Undefined
from tracecourt.engines.values import freeze, show, snapshot
from tracecourt.spec import ir
from tracecourt.spec.rewrite import symbols

BUDGET = 50_000  # states that are looked at before the answer is `unknown`
DEAD_ENDS = 32  # states that are kept for the explanation

Printed = tuple[Action, tuple[ir.Shown, ...], tuple[Any, ...]]
Event = tuple[Action, tuple[Any, ...]]


@dataclass(frozen=True)
class Run:
    """A run behind a text: its events, hidden ones included, and the state at its end."""

    events: tuple[Event, ...]
    state: Registers
    ended: bool


@dataclass(frozen=True)
class Objection:
    """What a state has against the next printed event, for the arguments that come nearest to being legal.

    The arguments are bound in `state`; one that nothing is known of holds an earlier event's.
    """

    rule: ir.Rule
    message: str
    state: Registers


@dataclass(frozen=True)
class Refutation:
    """No run explains the text: `event` is the first printed event that no state reached before it allows.

    `objections` are what such states have against it, the one that comes nearest to allowing it first.
    """

    event: int
    objections: tuple[Objection, ...]


@dataclass(frozen=True)
class _Search:
    """What is looked for. With `last`, the last place of each printed event, an event is not left out where it is printed
    later: few runs do the same thing twice, and a search that assumes so ends much sooner when it finds one."""

    printed: Sequence[Printed]
    last: Mapping[Any, int]
    wanted: Callable[[Registers], bool] | None
    budget: int
    slots: Sequence[int]


@dataclass
class _Node:
    """A state on the way: where the text goes on, the events so far, and the ways on that were not tried yet."""

    r: Registers
    at: int
    events: _Link | None
    choices: Iterator[tuple[Event, int]]


@dataclass(frozen=True)
class _Link:
    event: Event
    before: _Link | None


class HiddenRuns:
    """Looks for runs behind the texts of one system."""

    def __init__(self, interpreter: Interpreter, legal: LegalEvents) -> None:
        self.interpreter, self.legal = interpreter, legal
        system = interpreter.system
        self._dropped = system.dropped
        self._hidden = [interpreter.actions[name] for name in (*sorted(system.silent), *sorted(system.dropped))]
        self._all_slots = [interpreter.evaluator.slot(v.symbol) for v in system.state]
        self._slots = [interpreter.evaluator.slot(v.symbol) for v in system.state if v.symbol in seen_by_rules(system)]

    def explain(
        self,
        r: Registers,
        printed: Sequence[Printed],
        *,
        ended: bool,
        wanted: Callable[[Registers], bool] | None = None,
        budget: int = BUDGET,
    ) -> Run | Refutation:
        """A run from a state whose printed events are these; it may end there if the text says that it does.

        A text without an end mark needs no ended run, but one is preferred. With `wanted`, only a run that ends in such a
        state will do, and states are told apart by all that they hold.

        Raises:
            TooLarge: when the budget ran out.
        """
        last = {_printed_key(action, values): index for index, (action, _, values) in enumerate(printed)}
        first = _Search(printed, last, wanted, budget, self._slots if wanted is None else self._all_slots)
        narrow: Run | Refutation | None = None
        if self._dropped:
            with suppress(TooLarge):
                narrow = self._searched(r, first, ended=ended)
                if isinstance(narrow, Run):
                    return narrow
        found = self._searched(r, replace(first, last={}), ended=ended)
        if isinstance(found, Refutation) and isinstance(narrow, Refutation) and narrow.event == found.event:
            return Refutation(found.event, tuple(self._ranked([*narrow.objections, *found.objections])))
        return found

    def _searched(self, r: Registers, search: _Search, *, ended: bool) -> Run | Refutation:
        stack = [self._settled(self.interpreter.saved(r), 0, None, search)]
        seen = {self._key(stack[0], search)}
        deepest, dead, fallback = stack[0].at, [stack[0].r], None
        while stack:
            node = stack[-1]
            if node.at == len(search.printed):
                if not self.interpreter.unfinished(node.r) and (search.wanted is None or search.wanted(node.r)):
                    return Run(_events(node.events), node.r, ended=True)
                fallback = fallback or Run(_events(node.events), node.r, ended=False)
            choice = next(node.choices, None)
            if choice is None:
                stack.pop()
                continue
            (action, arguments), at = choice
            state = self.interpreter.saved(node.r)
            self.interpreter.apply(action, state, arguments)
            after = self._settled(state, at, _Link((action, arguments), node.events), search)
            key = self._key(after, search)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > search.budget:
                if fallback and not ended:
                    return fallback
                raise TooLarge
            if after.at >= deepest:
                dead = [*(dead if after.at == deepest else []), after.r][-DEAD_ENDS:]
                deepest = after.at
            stack.append(after)
        if fallback and not ended:
            return fallback
        return self._refutation(deepest, dead, search.printed)

    # ------------------------------------------------------------ steps
    def _settled(self, r: Registers, at: int, events: _Link | None, search: _Search) -> _Node:
        """A node of the search; where nothing can be hidden and one way is open, that way is gone at once."""
        while not self._hidden and at < len(search.printed):
            choices = list(self._choices(r, at, search))
            if len(choices) != 1:
                return _Node(r, at, events, iter(choices))
            (action, arguments), at = choices[0]
            self.interpreter.apply(action, r, arguments)
            events = _Link((action, arguments), events)
        return _Node(r, at, events, self._choices(r, at, search))

    def _choices(self, r: Registers, at: int, search: _Search) -> Iterator[tuple[Event, int]]:
        """Legal ways to go on: the next printed event, or one that the text hides."""
        if at < len(search.printed):
            action, shown, values = search.printed[at]
            answer = self.interpreter.system.answer
            if answer is not None and action.event is answer.event:
                if not self._refused(action, shown, values, r):
                    yield (action, values), at + 1
            else:
                fixed = _fixed(shown, values)
                for arguments in list(self.legal.arguments(action, r, fixed=fixed)):
                    if self.looks(action, shown, values, arguments, r):
                        yield (action, arguments), at + 1
        for action in self._hidden:
            for arguments in list(self.legal.arguments(action, r)):
                if not (search.last and self._comes_later(action, arguments, r, at, search)):
                    yield (action, arguments), at

    def _comes_later(self, action: Action, arguments: Sequence[Any], r: Registers, at: int, search: _Search) -> bool:
        """Whether an event that is left out here looks like one that is printed further on."""
        try:
            values = self.view(action, self.interpreter.system.shown[action.event.name], arguments, r)
        except Undefined:
            return False
        return search.last.get(_printed_key(action, values), -1) >= at

    def _refused(self, action: Action, shown: Sequence[ir.Shown], values: Sequence[Any], r: Registers) -> list[ir.Rule]:
        """The rules that a printed part of the answer breaks; what it hides of its arguments is not asked for."""
        for part, value in zip(shown, values, strict=True):
            r[action.slots[part.index]] = value
        return [c.rule for c in action.clauses if c.rule.level in ir.SOUND_LEVELS and not c.holds(r)]

    def looks(
        self, action: Action, shown: Sequence[ir.Shown], values: Sequence[Any], arguments: Sequence[Any], r: Registers
    ) -> bool:
        """Whether an event with these arguments is printed as these values."""
        name = action.event.name
        for part, value in zip(shown, values, strict=True):
            if part.view is None:
                if freeze(arguments[part.index]) != value:
                    return False
                continue
            r[action.slots[part.index]] = arguments[part.index]
            try:
                if freeze(self.interpreter.views[name, part.index](r)) != value:
                    return False
            except Undefined:
                return False
        return True

    def allows(self, r: Registers, printed: Printed) -> bool:
        """Whether some legal event in this state is printed so."""
        action, shown, values = printed
        state = self.interpreter.saved(r)
        found = list(self.legal.arguments(action, state, fixed=_fixed(shown, values)))
        return any(self.looks(action, shown, values, arguments, state) for arguments in found)

    def view(self, action: Action, shown: Sequence[ir.Shown], arguments: Sequence[Any], r: Registers) -> tuple[Any, ...]:
        """What a text shows of an event.

        Raises:
            Undefined: when a view has no value.
        """
        self.interpreter.bind(action, r, arguments)
        name = action.event.name
        return tuple(arguments[p.index] if p.view is None else freeze(self.interpreter.views[name, p.index](r)) for p in shown)

    # ------------------------------------------------------------ states
    def _key(self, node: _Node, search: _Search) -> Any:
        return (node.at, *(snapshot(node.r[slot]) for slot in search.slots))

    def _refutation(self, event: int, dead: Sequence[Registers], printed: Sequence[Printed]) -> Refutation:
        """What the states that came farthest have against the next event."""
        if event < len(printed):
            objections = [self._objection(*printed[event], r) for r in dead]
        else:
            unfinished = ((r, rules) for r in dead if (rules := self.interpreter.unfinished(r)))
            objections = [Objection(rules[0], self.interpreter.message(rules[0], r), r) for r, rules in unfinished]
        return Refutation(event, tuple(self._ranked(objections)))

    def _ranked(self, objections: Sequence[Objection]) -> list[Objection]:
        """The rules that are asked last first, since all before them hold; among equals those of most states."""
        order = {rule: index for index, rule in enumerate(self.interpreter.system.rules)}
        said = Counter(o.message for o in objections)
        return sorted(objections, key=lambda o: (order[o.rule], said[o.message]), reverse=True)

    def _objection(self, action: Action, shown: Sequence[ir.Shown], values: Sequence[Any], r: Registers) -> Objection:
        """The first rule that the event breaks here, for the arguments that come nearest to being legal."""
        answer = self.interpreter.system.answer
        if answer is not None and action.event is answer.event:
            return self._against(self._refused(action, shown, values, r)[0], r)
        order = [clause.rule for clause in action.clauses if clause.rule.level in ir.SOUND_LEVELS]
        nearest: tuple[int, tuple[Any, ...]] | None = None
        fixed = _fixed(shown, values)
        with suppress(TooLarge):
            for arguments in self.legal.nearly(action, r, fixed):
                if self.looks(action, shown, values, arguments, r):
                    broken = [rule for rule in self.interpreter.broken(action, r, arguments) if rule in order]
                    if broken and (nearest is None or order.index(broken[0]) > nearest[0]):
                        nearest = order.index(broken[0]), arguments
        if nearest is not None:
            self.interpreter.bind(action, r, nearest[1])
            return self._against(order[nearest[0]], r)
        known = self.legal.known_broken(action, r, fixed)
        rule = known or self.legal.first_source(action, r, [s.index for s in shown if s.view is not None]) or order[0]
        unknown = {p: UNDEFINED for index, p in enumerate(action.event.parameters) if index not in fixed}
        printed = {action.event.parameters[s.index]: show(v) for s, v in zip(shown, values, strict=True) if s.view}
        return self._against(rule, r, unknown | printed)

    def _against(self, rule: ir.Rule, r: Registers, unknown: Mapping[ir.Symbol, str] | None = None) -> Objection:
        return Objection(rule, self.interpreter.message(rule, r, unknown), r)


def seen_by_rules(system: ir.System) -> set[ir.Symbol]:
    """The state variables on which it may depend what is legal later; others (a parent pointer) tell nothing apart."""
    read = {s for rule in system.rules for s in symbols(rule.condition)}
    read |= {s for v in system.state if v.key is not None for s in symbols(v.key)}
    while True:
        more = set(read)
        for event in system.events.values():
            for update in event.updates:
                more |= _reads(update, read)
        if more == read:
            return {s for s in read if s.kind == "state"}
        read = more


def _reads(update: ir.Update, wanted: set[ir.Symbol]) -> set[ir.Symbol]:
    """What an update reads, if it changes something wanted."""
    if update.kind == "when":
        inner = set().union(*(_reads(u, wanted) for u in update.block))
        return inner | set(symbols(update.value)) if any(_changes(u, wanted) for u in update.block) else inner
    if update.target not in wanted:
        return set()
    return set(symbols(update.value)) | (set(symbols(update.key)) if update.key is not None else set())


def _changes(update: ir.Update, wanted: set[ir.Symbol]) -> bool:
    return any(_changes(u, wanted) for u in update.block) if update.kind == "when" else update.target in wanted


def _printed_key(action: Action, values: Sequence[Any]) -> Any:
    return (action.event.name, *map(freeze, values))


def _fixed(shown: Sequence[ir.Shown], values: Sequence[Any]) -> dict[int, Any]:
    """The arguments that a text shows whole, by position."""
    return {part.index: value for part, value in zip(shown, values, strict=True) if part.view is None}


def _events(link: _Link | None) -> tuple[Event, ...]:
    found: list[Event] = []
    while link is not None:
        found.append(link.event)
        link = link.before
    return tuple(reversed(found))
