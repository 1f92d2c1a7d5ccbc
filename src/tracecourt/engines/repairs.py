"""The fewest edits of a run's events that make it one which the rules allow: an explicit search, level by level.

A *leaf* is what becomes of the run after some edits: from there its events are followed as long as they are legal. All leaves
of one edit are known before any of two is made, so the first that comes to the end has the fewest edits. States are not
kept: a leaf says where it left its parent, and a state is made again from the last one that was marked.

Which edits are tried is normal: in a row of edits without a kept event in between, replacements come first, and then either
insertions or deletions. Two leaves in the same state at the same place have the same future, so one of them is dropped.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from tracecourt.engines.compiled import Compiled
from tracecourt.engines.hidden import seen_by_rules
from tracecourt.engines.interpreter import Action, Interpreter
from tracecourt.engines.legal import LegalEvents, definitions
from tracecourt.engines.primitives import Code, Registers, Undefined
from tracecourt.engines.queues import KeyedQueue
from tracecourt.engines.values import freeze, snapshot
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import atoms, symbols

BLOCK = 16  # events between two marked states
LATEST = 2  # blocks before the place where a leaf is stuck that are looked at first
AHEAD = 12  # events that a local repair has to get beyond the one that breaks a rule
BACK = 3  # blocks before that event in which a local repair is looked for
NEAR = 2  # edits of a local repair
BEST = 32  # leaves of one edit from which a local repair goes on

Event = tuple[Action, tuple[Any, ...]]
Op = Literal["insert", "delete", "replace"]


class Exhausted(Exception):
    """More leaves were asked for than the budget allows."""


@dataclass(frozen=True)
class Edit:
    """One edit: `at` is the index of the event that is deleted or replaced, or before which one is inserted."""

    op: Op
    at: int
    now: Event | None


@dataclass
class Leaf:
    """A run after some edits.

    Attributes:
        parent: the run before the last edit, and `edit`, which was made there; None for the run as it is.
        start: the place in the run after the edit.
        halt: the first event that is not legal; the number of events where there is none.
        merged: another leaf was in the same state at `halt`, and goes on from there.
        done: the run ends here and may end so.
        marks: states on the way, by their places.
    """

    parent: Leaf | None
    edit: Edit | None
    start: int
    halt: int = 0
    merged: bool = False
    done: bool = False
    marks: dict[int, Registers] = field(default_factory=dict)

    @property
    def path(self) -> list[Leaf]:
        """The leaves that led here, from the run as it is."""
        found: list[Leaf] = [self]
        while (parent := found[-1].parent) is not None:
            found.append(parent)
        return found[::-1]

    @property
    def edits(self) -> list[Edit]:
        """All edits, the first one first."""
        return [leaf.edit for leaf in self.path if leaf.edit is not None]


class Repairs:
    """Looks for repairs of one run.

    A number that a rule computes, such as a cost, follows from what was edited before: an event is kept, without an edit, if it
    is legal with what the rules compute in the repaired run, and each value that differs was right in the run as it is, which
    is believed there. A value that was wrong there too is a fault of its own.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        legal: LegalEvents,
        compiled: Compiled | None,
        start: Registers,
        events: Sequence[Event],
        *,
        finish: bool,
        budget: int,
    ) -> None:
        """`start` is the state before the first event; with `finish`, the run must end where it may."""
        self.interpreter, self.legal, self.compiled = interpreter, legal, compiled
        self.events, self.total, self.finish, self.budget = events, len(events), finish, budget
        self.leaves = 0
        self._named = [(action.event.name, arguments) for action, arguments in events]
        seen = seen_by_rules(interpreter.system)
        self._slots = [interpreter.evaluator.slot(v.symbol) for v in interpreter.system.state if v.symbol in seen]
        self._computed = {name: computed(interpreter, action.event) for name, action in interpreter.actions.items()}
        self._believed = self._beliefs(start)
        self._forget()
        self.root = self._grown(Leaf(None, None, 0, marks={0: interpreter.saved(start)}), interpreter.saved(start))

    # ------------------------------------------------------------ the whole run
    def fewest(self, most: int) -> tuple[Leaf | None, int]:
        """A repair with the fewest edits, and their number; or None, and the least number that there can be."""
        if self.root.done:
            return self.root, 0
        with _uncollected():
            return self._fewest(most)

    def _fewest(self, most: int) -> tuple[Leaf | None, int]:
        level, depth = [self.root], 0
        try:
            for depth in range(most):
                following: list[Leaf] = []
                for leaf, first, last in self._blocks(level):
                    for child in self._children(leaf, first, last):
                        if child.done:
                            return child, depth + 1
                        if depth + 1 < most:
                            following.append(child)
                level = following
        except Exhausted:
            return None, depth + 1
        return None, most + 1

    def _blocks(self, level: Iterable[Leaf]) -> Iterator[tuple[Leaf, int, int]]:
        """Places at which leaves can be edited: where they halt, those just before, and then all others."""
        found: list[tuple[int, int, int, int, Leaf, int]] = []
        for leaf in level:
            last = leaf.halt
            if not leaf.merged:
                found.append((0, -last, -last, len(found), leaf, last))
            last -= 1
            for late, number in enumerate(range(last // BLOCK, leaf.start // BLOCK - 1, -1)):
                first, end = max(leaf.start, number * BLOCK), min(last, number * BLOCK + BLOCK - 1)
                if first <= end:
                    found.append((1 + (late >= LATEST), -leaf.halt, -first, len(found), leaf, end))
        for _, _, first, _, leaf, end in sorted(found, key=lambda block: block[:4]):
            yield leaf, -first, end

    # ------------------------------------------------------------ one violation
    def nearest(self, leaf: Leaf) -> Leaf | None:
        """A repair with few edits by which a leaf gets beyond the event where it is stuck; the one that gets farthest.

        Raises:
            Exhausted: when the budget ran out.
        """
        self._forget()
        level, best = [leaf], None
        wanted = min(leaf.halt + AHEAD, self.total)
        earliest = leaf.halt - BACK * BLOCK
        for _ in range(NEAR):
            following = []
            for one in level:
                last = one.halt - 1 if one.merged else one.halt
                first = max(one.start, earliest)
                following += list(self._children(one, first, min(last, leaf.halt + AHEAD))) if first <= last else []
            farthest = max(following, key=_how_far, default=None)
            if farthest is not None and (best is None or _how_far(farthest)[:2] > _how_far(best)[:2]):
                best = farthest
            if best is not None and (best.done or wanted <= best.halt < self.total):
                break
            level = sorted((child for child in following if child.halt >= leaf.halt), key=_how_far, reverse=True)[:BEST]
        if best is None or not (best.done or best.halt > leaf.halt):
            return None
        best.marks[best.halt] = self.state(best, best.halt)
        return best

    # ------------------------------------------------------------ leaves
    def _children(self, leaf: Leaf, first: int, last: int) -> Iterator[Leaf]:
        """What comes of one more edit at these places."""
        r = self.state(leaf, first)
        for place in range(first, last + 1):
            before = leaf.edit.op if leaf.edit is not None and place == leaf.start else None
            state = self._key(r)
            if self._is_new(place, state, before):
                if before != "insert" and place < self.total:
                    yield self._child(leaf, Edit("delete", place, None), place + 1, r)
                if before != "delete":
                    yield from self._put(leaf, place, r, state, replace=before != "insert" and place < self.total)
            if place < last:
                self._follow(r, place, place + 1)

    def _put(self, leaf: Leaf, place: int, r: Registers, state: Any, *, replace: bool) -> Iterator[Leaf]:
        """Every other event that is legal in a state, in the place of one and before it."""
        kept = self._kept(r, place, asked=True) if place < leaf.halt else None
        if state not in self._legal:
            self._legal[state] = list(self.legal.legal(r))
        for event in self._legal[state]:
            if event == kept:
                continue
            after = self.interpreter.saved(r)
            self.interpreter.apply(event[0], after, event[1])
            if replace:
                yield self._child(leaf, Edit("replace", place, event), place + 1, after)
            yield self._child(leaf, Edit("insert", place, event), place, after)

    def _child(self, leaf: Leaf, edit: Edit, start: int, after: Registers) -> Leaf:
        """The leaf after an edit that leads to a state."""
        self.leaves += 1
        if self.leaves > self.budget:
            raise Exhausted
        child = Leaf(leaf, edit, start)
        if start < self.total and self._kept(after, start, asked=True) is None:
            child.halt = start
            return child
        return self._grown(child, self.interpreter.saved(after))

    def _grown(self, leaf: Leaf, r: Registers) -> Leaf:
        """A leaf with its events followed from a state, which is changed."""
        place = leaf.start
        while place < self.total:
            stop = min(self.total, (place // BLOCK + 1) * BLOCK)
            place = self._follow(r, place, stop)
            if place < stop:
                break
            if (key := (place, self._key(r))) in self._passed:
                leaf.merged = True
                break
            self._passed.add(key)
            leaf.marks[place] = self.interpreter.saved(r)
        leaf.halt = place
        ends = place == self.total and not leaf.merged
        leaf.done = ends and not (self.finish and self.interpreter.unfinished(r))
        return leaf

    def state(self, leaf: Leaf, place: int) -> Registers:
        """The state of a leaf before an event; the caller may change it."""
        marked = max((mark for mark in leaf.marks if mark <= place), default=None)
        if marked is not None:
            r = self.interpreter.saved(leaf.marks[marked])
        else:
            assert leaf.parent is not None
            assert leaf.edit is not None
            r, marked = self.state(leaf.parent, leaf.edit.at), leaf.start
            if leaf.edit.now is not None:
                self.interpreter.apply(leaf.edit.now[0], r, leaf.edit.now[1])
        self._follow(r, marked, place)
        return r

    def run(self, leaf: Leaf) -> list[tuple[int | None, Event]]:
        """The events of a leaf up to its end, each with the index of the one that it keeps or replaces."""
        r, place, found = self.state(self.root, 0), 0, list[tuple[int | None, Event]]()
        for edit in [*leaf.edits, None]:
            for kept in range(place, leaf.halt if edit is None else edit.at):
                event = self._kept(r, kept, asked=True)
                assert event is not None
                found.append((kept, event))
                self.interpreter.apply(event[0], r, event[1])
            if edit is not None:
                place = edit.at if edit.op == "insert" else edit.at + 1
                if edit.now is not None:
                    found.append((None if edit.op == "insert" else edit.at, edit.now))
                    self.interpreter.apply(edit.now[0], r, edit.now[1])
        return found

    # ------------------------------------------------------------ states
    def _forget(self) -> None:
        self._passed: set[Any] = set()
        self._looked: set[Any] = set()
        self._legal: dict[Any, list[Event]] = {}

    def _is_new(self, place: int, state: Any, before: Op | None) -> bool:
        """Whether no leaf with as few edits, and as many ways on, was in this state at this place; it is remembered."""
        kind = None if before == "replace" else before
        if (place, state, None) in self._looked or (place, state, kind) in self._looked:
            return False
        self._looked.add((place, state, kind))
        return True

    def _key(self, r: Registers) -> Any:
        return tuple([_quick(r[slot]) for slot in self._slots])

    # ------------------------------------------------------------ events
    def _follow(self, r: Registers, place: int, stop: int) -> int:
        """Run the events from a place while they are kept; where that ends."""
        while place < stop:
            if self.compiled is not None:
                outcome = self.compiled.run(r, self._named[place:stop], declared=False)
                if outcome.broken is None:
                    return stop
                place += outcome.broken.event
            event = self._kept(r, place, asked=self.compiled is None)
            if event is None:
                return place
            self.interpreter.apply(event[0], r, event[1])
            place += 1
        return place

    def _kept(self, r: Registers, place: int, *, asked: bool) -> Event | None:
        """An event as it is kept in a state, if it is; unless `asked`, it is known that it is not legal as it is."""
        action, arguments = self.events[place]
        if asked and self._allowed(action, r, arguments):
            return action, arguments
        believed = self._believed[place]
        found = self._derived(action, r, arguments) if believed is not None else None
        if found is None or found == arguments:
            return None
        assert believed is not None
        for now, was, told in zip(found, arguments, believed, strict=True):
            if now != was and told != was:
                return None
        return (action, found) if self._allowed(action, r, found) else None

    def _allowed(self, action: Action, r: Registers, arguments: Sequence[Any]) -> bool:
        self.interpreter.bind(action, r, arguments)
        return all(c.holds(r) for c in action.clauses if c.rule.level in ir.SOUND_LEVELS)

    def _derived(self, action: Action, r: Registers, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The arguments with those that rules compute as they are in this state; None where nothing is computed."""
        rules = self._computed[action.event.name]
        if not rules:
            return None
        self.interpreter.bind(action, r, arguments)
        found = list(arguments)
        try:
            for index, code in rules:
                found[index] = r[action.slots[index]] = freeze(code(r))
        except Undefined:
            return None
        return tuple(found)

    def _beliefs(self, start: Registers) -> list[tuple[Any, ...] | None]:
        """What the rules compute for each event, all before it being believed."""
        r, found = self.interpreter.saved(start), []
        for action, arguments in self.events:
            found.append(self._derived(action, r, arguments))
            self.interpreter.apply(action, r, arguments)
        return found


def _how_far(leaf: Leaf) -> tuple[bool, int, int]:
    """How far a leaf gets; among equals, the one that was edited last."""
    return leaf.done, leaf.halt, leaf.edit.at if leaf.edit is not None else 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for garbage: there are many states, none of them in a circle."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _quick(value: Any) -> Any:
    """What `snapshot` gives, sooner where the entries can be compared as they are."""
    if isinstance(value, (dict, KeyedQueue)):
        with suppress(TypeError):
            return frozenset(value.items())
    return snapshot(value)


def computed(interpreter: Interpreter, event: ir.Event) -> tuple[tuple[int, Code], ...]:
    """The parameters whose values follow from the others, in an order in which they can be computed.

    They are those that a rule of the level `grounded` makes equal to something, wherever it is asked, and whose sort cannot be
    listed; all others are chosen, and say which event it is.
    """
    parameters = {symbol: index for index, symbol in enumerate(event.parameters)}
    rules: dict[int, tuple[frozenset[int], Code]] = {}
    for rule in event.rules:
        for premises, atom in atoms(rule.condition) if rule.level == ir.LEVELS[0] else ():
            for symbol, value, single in definitions(atom, parameters):
                index, needs = parameters[symbol], frozenset(parameters[s] for s in symbols(value) if s in parameters)
                if single and not premises and not t.finite(symbol.sort) and index not in rules and index not in needs:
                    rules[index] = needs, interpreter.evaluator.code(value)
    found: list[tuple[int, Code]] = []
    while ready := [i for i, (needs, _) in rules.items() if needs.isdisjoint(rules)]:
        found += [(index, rules.pop(index)[1]) for index in ready]
    return tuple(found)
