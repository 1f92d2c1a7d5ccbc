"""Which broken rules are causes, and which are consequences: what is still broken once the first has been repaired.

A trace is repaired from its beginning to its end: at the first event that breaks a rule, by the few edits before it after
which the trace goes on soundly for longest. The events at which that has to be done are causes. What else is broken while
the trace is believed follows from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tracecourt.documents import Document, Step
from tracecourt.engines.primitives import Registers, TooLarge
from tracecourt.engines.repairs import Exhausted, Leaf, Repairs
from tracecourt.formats import Format
from tracecourt.spec import ir
from tracecourt.verdict import Violation

BUDGET = 3_000  # runs after an edit that are looked at


@dataclass(frozen=True)
class Causes:
    """The events that broke a rule and are causes, and how many edits were made for them.

    Attributes:
        events: 0-based indices; the number of events stands for the end.
        consequences: events that break a rule while the trace is believed, and are no causes.
        edits: how many edits were made, one violation after the other; at least as many as the fewest.
        total: how many events there are.
        complete: whether the trace was repaired to its end; else there may be more causes.
    """

    events: tuple[int, ...]
    consequences: tuple[int, ...]
    edits: int
    total: int
    complete: bool

    @property
    def unsoundness(self) -> float | None:
        """Edits for each event; None where the trace was not repaired to its end."""
        return round(self.edits / max(self.total, 1), 4) if self.complete else None

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
        budget: how many runs after an edit are looked at.
    """
    if form.system.partial:
        return None
    divided = parts(form, document)
    try:
        search = repairs(form, divided, r, budget)
        found, edits, complete = _found(search)
        places = [divided.places[place] for place in found]
        if (
            complete is not None
            and (broken := refused(form, search.state(complete, complete.reach), divided.answer)) is not None
        ):
            place = divided.places[-1] + broken
            places, edits = [*places, place], edits + 1
    except (TooLarge, RecursionError):
        return None
    events = tuple(dict.fromkeys(places))
    consequences = tuple(dict.fromkeys(v.event for v in violations if v.event not in events))
    return Causes(events, consequences, edits, len(document.steps), complete is not None)


def refused(form: Format, r: Registers, answer: Sequence[Step]) -> int | None:
    """The first event of an answer that breaks a rule in a state, which is changed."""
    for index, step in enumerate(answer):
        broken = form.interpreter.broken(step.action, r, step.arguments)
        if any(rule.level in ir.SOUND_LEVELS for rule in broken):
            return index
        form.interpreter.apply(step.action, r, step.arguments)
    return None


def _found(search: Repairs) -> tuple[list[int], int, Leaf | None]:
    """The places where a rule is broken and not because of one before; edits; and what the last of them leads to."""
    leaf, found, edits = search.root, list[int](), 0
    try:
        while not leaf.done:
            found.append(leaf.reach)
            after = search.nearest(leaf)
            if after is None:
                return found, edits, None
            steps = after.path[len(leaf.path) :]
            edits += len(steps)
            for one, other in pairwise(steps):
                together = other.edit is not None and other.edit.at == one.start
                if one.reach > found[-1] and not together:
                    found.append(one.reach)
            leaf = after
    except Exhausted:
        return found, edits, None
    return found, edits, leaf
