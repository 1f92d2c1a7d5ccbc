"""The passes of `shrink`: from a case to smaller ones that might break the same rule, whatever the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from tracecourt.cases import Case, Dropped, Judge, elements, limits, mapped, order, simplicity
from tracecourt.engines.primitives import TooLarge, Undefined
from tracecourt.engines.values import freeze, occurrences
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

SIMPLEST = 6  # values of a sort that are tried in the place of any other
POOL = 12  # values that are tried for one fact
FEW = 6  # elements of which each is tried with other values
RECENT = 4  # last events from which values come

Pass = Callable[[Case], Iterator[Case]]


class Reductions:
    """All passes; each lists candidates for a case, the boldest first."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.form = judge, judge.form
        self.sorts = judge.form.fact_sorts
        self.passes: dict[str, Pass] = {
            "events": self.events,
            "parameters": self.parameters,
            "sizes": self.sizes,
            "facts": self.facts,
            "nested": self.nested,
            "values": self.values,
            "inner": self.inner,
            "names": self.names,
            "numbers": self.numbers,
            "arguments": self.arguments,
        }

    # ------------------------------------------------------------ events
    def events(self, case: Case) -> Iterator[Case]:
        """Without some of the events before the last."""
        last = len(case.events) - (not self.judge.at_end)
        for first, behind in chunks(last):
            yield replace(case, events=(*case.events[:first], *case.events[behind:]))

    # ------------------------------------------------------------ parameters and sizes
    def parameters(self, case: Case) -> Iterator[Case]:
        """Without a parameter of the problem that need not be given."""
        axes = {axis.name for axis in self.judge.axes} - self.judge.tied
        for name in case.params:
            if name not in self.judge.settings and name not in axes:
                yield replace(case, params={n: v for n, v in case.params.items() if n != name})

    def sizes(self, case: Case) -> Iterator[Case]:
        """With fewer values in a range: those above move down, what stands outside goes."""
        for axis in self.judge.axes:
            size, low = case.params.get(axis.name), _least(axis.sort)
            if not isinstance(size, int):
                continue
            for first, behind in chunks(size + 1):
                gone = behind - first
                if size - gone >= low:
                    for down in (False, True):
                        yield self._contracted(case, axis, first, behind, down=down)

    def _contracted(self, case: Case, axis: ir.Symbol, first: int, behind: int, *, down: bool) -> Case:
        """Values from `first` to before `behind` go; a value that cannot go becomes the next one below or above."""
        gone = behind - first
        left = case.params[axis.name] - gone

        def change(sort: t.Sort, value: Any, inside: bool) -> Any:
            if not isinstance(sort, t.Range) or axis not in limits(sort):
                return value
            sign, size = (-1, -value) if value < 0 else (1, value)
            if size >= behind:
                return sign * (size - gone)
            if size < first:
                return value
            if inside:
                raise Dropped
            return sign * max(min(first - down, left - 1), 0)

        return self._changed(replace(case, params={**case.params, axis.name: left}), change)

    def _changed(self, case: Case, change: Callable[[t.Sort, Any, bool], Any]) -> Case:
        """The same change in all facts and arguments."""
        facts = {name: mapped(self.sorts[name], value, change) for name, value in case.facts.items()}
        shown = self.form.system.shown
        events = tuple(
            (action, tuple(mapped(p.sort, v, change) for p, v in zip(shown[action.event.name], arguments, strict=True)))
            for action, arguments in case.events
        )
        return replace(case, facts=facts, events=events)

    # ------------------------------------------------------------ facts
    def facts(self, case: Case) -> Iterator[Case]:
        """Without some elements of a fact."""
        for name, value in case.facts.items():
            if isinstance(value, (dict, list)):
                for first, behind in chunks(len(value)):
                    yield case.having(name, _without(value, first, behind))

    def nested(self, case: Case) -> Iterator[Case]:
        """Without an element of an element."""
        for name, value in case.facts.items():
            if isinstance(value, list):
                for index, part in enumerate(value):
                    if isinstance(part, tuple) and _collects(self.sorts[name]):
                        for first, behind in chunks(len(part)):
                            yield case.having(name, [*value[:index], _without(part, first, behind), *value[index + 1 :]])

    # ------------------------------------------------------------ values
    def values(self, case: Case) -> Iterator[Case]:
        """With other values of facts that are no collections; of one, then of two of the same sort."""
        scalars = [name for name, value in case.facts.items() if not isinstance(value, (dict, list)) and value is not None]
        pools = {name: self.pool(case, self.sorts[name], case.facts[name]) for name in scalars}
        for name in scalars:
            yield from (case.having(name, value) for value in pools[name])
        for index, one in enumerate(scalars):
            for other in scalars[index + 1 :]:
                if self.sorts[one] == self.sorts[other]:
                    for left, right in product(pools[one], pools[other]):
                        yield case.having(one, left).having(other, right)

    def inner(self, case: Case) -> Iterator[Case]:
        """With another value in the place of an element, or of what a map holds for a key."""
        for name, value in case.facts.items():
            sort = self.sorts[name]
            if isinstance(value, dict) and isinstance(sort, t.Map):
                yield from (case.having(name, {**value, k: new}) for k, v in value.items() for new in lower(sort.value, v))
                if len(value) > FEW:
                    continue
                for key in value:
                    for new in (n for n in self.pool(case, sort.element, key) if n not in value):
                        yield case.having(name, {new if k == key else k: v for k, v in value.items()})
                    yield from (case.having(name, {**value, key: new}) for new in self.pool(case, sort.value, value[key]))
            elif isinstance(value, (dict, list)) and isinstance(sort, t.Collection) and len(value) <= FEW:
                for index, part in enumerate(value):
                    for new in (*self.pool(case, sort.element, part), *lower(sort.element, part)):
                        if isinstance(value, list) or new not in value:
                            parts = [new if i == index else old for i, old in enumerate(value)]
                            yield case.having(name, dict.fromkeys(parts, True) if isinstance(value, dict) else parts)

    def pool(self, case: Case, sort: t.Sort, value: Any) -> list[Any]:
        """Other values for one that is there: those of short facts and of the last events, the simplest ones, lower ones."""
        found: list[Any] = []
        for name, other in case.facts.items():
            if elements(other) <= FEW and other is not None:
                found += occurrences_of(self.sorts[name], sort, other)
        for action, arguments in case.events[-RECENT:]:
            for part, argument in zip(self.form.system.shown[action.event.name], arguments, strict=True):
                found += occurrences_of(part.sort, sort, argument)
        found += lower(sort, value)
        found += self._simplest(case, sort)
        others = dict.fromkeys(freeze(one) for one in found if one is not None)
        return [one for one in sorted(others, key=simplicity) if one != value][:POOL]

    def _simplest(self, case: Case, sort: t.Sort) -> list[Any]:
        interpreter = self.form.interpreter
        try:
            r, _, _ = interpreter.problem(case.facts, case.params, lambda wanted: [])
            return sorted(self.judge.inhabitants(sort, r), key=simplicity)[:SIMPLEST]
        except (TooLarge, Undefined):
            return []

    # ------------------------------------------------------------ names and arguments
    def names(self, case: Case) -> Iterator[Case]:
        """With all that speaks of a text gone, or, where a map leads from it to another text, with that one in its place."""
        texts: dict[str, None] = {}
        for name, value in case.facts.items():
            if value is not None:
                texts.update(dict.fromkeys(occurrences_of(self.sorts[name], t.TEXT, value)))
        for gone in texts:
            yield self._changed(case, _leaving_out(gone))
            facts: dict[str, Any] = {}
            for name, value in case.facts.items():
                behind = value.get(gone) if isinstance(value, dict) else None
                if isinstance(behind, str):
                    family = [n for n in case.facts if n.split("_")[0] == name.split("_")[0]]
                    facts |= {n: self._linked(n, case.facts[n], {gone: behind}) for n in family}
            if facts:
                yield replace(case, facts={**case.facts, **facts})

    def _linked(self, name: str, value: Any, links: dict[str, str]) -> Any:
        cut = {k: v for k, v in value.items() if k not in links or v is True} if isinstance(value, dict) else value
        return mapped(self.sorts[name], cut, lambda sort, old, inside: links.get(old, old) if isinstance(old, str) else old)

    def numbers(self, case: Case) -> Iterator[Case]:
        """With a simpler number in the place of one, wherever it stands in facts and arguments."""
        found: dict[Any, None] = {}

        def note(sort: t.Sort, value: Any, inside: bool) -> Any:
            if t.numeric(sort) and not isinstance(sort, t.Range):
                found.setdefault(value)
            return value

        for name, value in case.facts.items():
            if value is not None:
                mapped(self.sorts[name], value, note)
        for old in sorted(found, key=simplicity, reverse=True):
            for new in lower(t.RATIONAL, old):
                yield self._changed(case, _putting(new, old))

    def arguments(self, case: Case) -> Iterator[Case]:
        """With simpler arguments of one event."""
        for index, (action, arguments) in enumerate(case.events):
            for place, part in enumerate(self.form.system.shown[action.event.name]):
                for new in (*lower(part.sort, arguments[place]), *self.pool(case, part.sort, arguments[place])):
                    changed = (action, (*arguments[:place], new, *arguments[place + 1 :]))
                    yield replace(case, events=(*case.events[:index], changed, *case.events[index + 1 :]))

    # ------------------------------------------------------------ all
    def smaller(self, case: Case, wanted: Sequence[str] | None = None) -> Iterator[Case]:
        """The candidates of some passes, or of all, once each."""
        seen = {order(case)}
        for name in wanted or self.passes:
            for candidate in self.passes[name](case):
                if (key := order(candidate)) not in seen:
                    seen.add(key)
                    yield candidate


def occurrences_of(sort: t.Sort, wanted: t.Sort, value: Any) -> Iterator[Any]:
    """The parts of a value that are of a sort, compared by what it is and not by where it was written."""
    if sort == wanted or (sort.__class__ is wanted.__class__ and str(sort) == str(wanted)):
        yield value
        return
    match sort:
        case t.Tuple(fields=fields) if value is not None:
            for (_, inner), part in zip(fields, value, strict=True):
                yield from occurrences_of(inner, wanted, part)
        case t.Optional(inner=inner) if value is not None:
            yield from occurrences_of(inner, wanted, value)
        case t.Map(element=element, value=inner):
            for key, part in value.items():
                yield from (*occurrences_of(element, wanted, key), *occurrences_of(inner, wanted, part))
        case t.Collection(element=element):
            for part in value:
                yield from occurrences_of(element, wanted, part)
        case _:
            yield from occurrences(sort, wanted, value)


def chunks(length: int) -> Iterator[tuple[int, int]]:
    """All of a length, its halves, their halves, and so on to single places; later ones first."""
    size = length
    while size:
        for first in range((length - 1) // size * size, -1, -size):
            yield first, min(first + size, length)
        size //= 2


def lower(sort: t.Sort, value: Any) -> list[Any]:
    """Simpler values: numbers nearer to 0, by leaps and by one."""
    found: list[Any]
    match sort:
        case t.Int() if isinstance(value, int):
            sign = -1 if value < 0 else 1
            found = [0, 1, sign * (abs(value) // 2), value - sign, *([-value] if value < 0 else [])]
        case t.Rational() if value is not None:
            found = [0, 1, int(value), int(value) // 2, value - 1 if value > 1 else 0]
        case t.Tuple(fields=fields) if value is not None:
            found = [
                (*value[:i], part, *value[i + 1 :]) for i, (_, inner) in enumerate(fields) for part in lower(inner, value[i])
            ]
        case t.Optional(inner=inner) if value is not None:
            found = lower(inner, value)
        case t.Collection(element=element) if isinstance(value, tuple):
            found = [_without(value, first, behind) for first, behind in chunks(len(value))]
            found += [(*value[:i], new, *value[i + 1 :]) for i, old in enumerate(value) for new in lower(element, old)]
        case _:
            found = []
    return [one for one in dict.fromkeys(found) if simplicity(one) < simplicity(value)]


def _least(sort: t.Sort) -> int:
    return int(sort.low.value) if isinstance(sort, t.Range) and isinstance(sort.low, ir.Const) else 0  # type: ignore[arg-type]


def _without(value: Any, first: int, behind: int) -> Any:
    if isinstance(value, dict):
        return {k: v for i, (k, v) in enumerate(value.items()) if not first <= i < behind}
    return value[:first] + value[behind:]


def _collects(sort: t.Sort) -> bool:
    return isinstance(sort, t.List) and isinstance(sort.element, t.Collection)


def _putting(new: Any, old: Any) -> Callable[[t.Sort, Any, bool], Any]:
    """The change that puts a number in the place of another, in formulas, too."""

    def change(sort: t.Sort, value: Any, inside: bool) -> Any:
        if isinstance(value, tuple):
            return tuple(change(sort, part, inside) for part in value)
        return new if value == old and not isinstance(value, (bool, str)) and not isinstance(sort, t.Range) else value

    return change


def _leaving_out(gone: str) -> Callable[[t.Sort, Any, bool], Any]:
    """The change that leaves out elements which speak of a text."""

    def change(sort: t.Sort, value: Any, inside: bool) -> Any:
        if inside and value == gone:
            raise Dropped
        return value

    return change
