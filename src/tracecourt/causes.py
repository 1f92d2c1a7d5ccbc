"""Which broken rules are causes, and which are consequences: what is still broken once the first has been repaired.

The least repair of the trace says it: the causes are the events that break a rule before one more of its edits is made.
Where the trace has too many faults for that, it is repaired from its beginning to its end: at the first event that breaks a
rule, by the few edits after which the trace goes on soundly for longest. What else is broken while the trace is believed
follows from the causes; and an event that breaks no rule then is no cause, though it may have to be edited, too, after others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tracecourt.check import KEPT
from tracecourt.documents import Document, Step
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.repairs import Edit, Exhausted, Leaf, Repairs
from tracecourt.formats import Format
from tracecourt.spec import ir
from tracecourt.verdict import Violation

FEW = 3  # edits of a least repair
BUDGET = 3_000  # runs after an edit that are looked at


@dataclass(frozen=True)
class Causes:
    """The events that broke a rule and are causes, and how many edits were made for them.

    Attributes:
        events: 0-based indices; the number of events stands for the end.
        consequences: events that break a rule while the trace is believed, and are no causes.
        edits: how many edits were made, which may be more than the fewest; None where they did not lead to a sound end.
        total: how many events there are.
        complete: whether the last event was come to; else there may be more causes.
    """

    events: tuple[int, ...]
    consequences: tuple[int, ...]
    edits: int | None
    total: int
    complete: bool

    @property
    def unsoundness(self) -> float | None:
        """Edits for each event."""
        return None if self.edits is None else round(self.edits / max(self.total, 1), 4)

    def to_dict(self) -> dict[str, Any]:
        """The causes as plain values."""
        return {"causes": list(self.events), "consequences": list(self.consequences), "unsoundness": self.unsoundness}


@dataclass(frozen=True)
class Parts:
    """The events of a document: those of the search with their indices, those of the answer, and whether it must end."""

    search: tuple[Step, ...]
    places: tuple[int, ...]
    answer: tuple[Step, ...]
    finish: bool


def parts(form: Format, document: Document) -> Parts:
    """Search and answer apart; one index more than the search has events is where it ends."""
    told = form.system.answer.event if form.system.answer and form.system.answer.apart else None
    search = [(place, step) for place, step in enumerate(document.steps) if step.action.event is not told]
    answer = [(place, step) for place, step in enumerate(document.steps) if step.action.event is told]
    end = answer[0][0] if answer else len(document.steps)
    return Parts(
        search=tuple(step for _, step in search),
        places=(*(place for place, _ in search), end),
        answer=tuple(step for _, step in answer),
        finish=document.ended or bool(answer),
    )


def repairs(form: Format, found: Parts, r: Registers, budget: int) -> Repairs:
    """What looks for repairs of a document's search, from the state before its first event."""
    events = [(step.action, step.arguments) for step in found.search]
    return Repairs(form.interpreter, form.legal, form.engine("auto"), r, events, finish=found.finish, budget=budget)


def causes(
    form: Format, document: Document, r: Registers, violations: Sequence[Violation], budget: int = BUDGET
) -> Causes | None:
    """Tell causes from consequences; None where the text shows less than the run, or there is too much to go through.

    Args:
        form: the format.
        document: the problem and its events.
        r: the state before the first event; it is left as it is.
        violations: what the events break, the trace being believed.
        budget: how many runs after an edit are looked at for a least repair, and then for one of each violation in turn.
    """
    if form.system.partial:
        return None
    divided = parts(form, document)
    try:
        search = repairs(form, divided, r, budget)
        leaf, _ = search.fewest(FEW)
        if leaf is not None:
            return told(form, document, divided, search, leaf, violations)
        search.leaves = 0
        leaf, places, edits = _one_by_one(search)
        events, needed = _told(form, divided, search, leaf, places, edits)
    except (TooLarge, RecursionError):
        return None
    ended = leaf is not None or places[-1] == search.total
    return _causes(document, violations, events, None if leaf is None else needed, complete=ended)


def told(
    form: Format, document: Document, divided: Parts, search: Repairs, leaf: Leaf, violations: Sequence[Violation]
) -> Causes:
    """The causes where a least repair is known."""
    path = leaf.path
    places = _stuck(search, path[0].halt, path[1:]) if len(path) > 1 else []
    return _causes(document, violations, *_told(form, divided, search, leaf, places, len(path) - 1), complete=True)


def _told(
    form: Format, divided: Parts, search: Repairs, leaf: Leaf | None, places: Sequence[int], edits: int
) -> tuple[list[int], int]:
    """Events of the document, that of an answer which breaks a rule by itself among them; and edits."""
    events = [divided.places[place] for place in places]
    broken = None if leaf is None else refused(form, search.state(leaf, leaf.halt), divided.answer)
    return (events, edits) if broken is None else ([*events, divided.places[-1] + broken], edits + 1)


def _causes(
    document: Document, violations: Sequence[Violation], events: Sequence[int], edits: int | None, *, complete: bool
) -> Causes:
    broken = tuple(dict.fromkeys(v.event for v in violations))
    unlisted = broken[-1] if len(violations) >= KEPT else len(document.steps)  # after it, they may have broken rules
    found = tuple(dict.fromkeys(e for e in events if e in {*broken, *events[:1]} or e > unlisted))
    consequences = tuple(event for event in broken if event not in found)
    return Causes(found, consequences, edits, len(document.steps), complete)


def refused(form: Format, r: Registers, answer: Sequence[Step]) -> int | None:
    """The first event of an answer that breaks a rule in a state, which is changed."""
    for index, step in enumerate(answer):
        broken = form.interpreter.broken(step.action, r, step.arguments)
        if any(rule.level in ir.SOUND_LEVELS for rule in broken):
            return index
        form.interpreter.apply(step.action, r, step.arguments)
    return None


def _one_by_one(search: Repairs) -> tuple[Leaf | None, list[int], int]:
    """Repairs of one violation after the other: what the last leads to, if that is the end; the places; and edits."""
    leaf, found, edits = search.root, list[int](), 0
    try:
        while not leaf.done:
            after = search.nearest(leaf)
            steps = [] if after is None else after.path[len(leaf.path) :]
            found += _stuck(search, leaf.halt, steps)
            edits += len(steps)
            if after is None:
                return None, found, edits
            leaf = after
    except Exhausted:
        return None, [*found, leaf.halt], edits
    return leaf, found, edits


def _stuck(search: Repairs, first: int, steps: Sequence[Leaf]) -> list[int]:
    """Where a rule was broken before each edit: at a place farther on, and neither in a row of edits nor of a moved event."""
    found = [first]
    for one, other in pairwise(steps):
        assert one.edit is not None
        assert other.edit is not None
        together = other.edit.at == one.start or _moved(search, one.edit, other.edit)
        if one.halt > found[-1] and not together:
            found.append(one.halt)
    return found


def _moved(search: Repairs, one: Edit, other: Edit) -> bool:
    """Whether one edit deletes what another inserts."""
    if other.op == "delete":
        one, other = other, one
    return one.op == "delete" and other.op == "insert" and search.events[one.at] == other.now
