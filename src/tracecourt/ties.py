"""Ties: which preferences explain what a run takes among the entries of a queue that share its best key.

A choice is an event of which a rule says that one of its arguments has the best key of a queue, where two or more entries
have it. What may be preferred is read off the specification: the numbers that an entry holds, the functions of the problem
that give its identity a number, the identity itself, and the order in which the entries came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tracecourt.check import opened
from tracecourt.documents import Document
from tracecourt.engines.legal import definitions, is_bests
from tracecourt.engines.primitives import Code, Registers, TooLarge, Undefined
from tracecourt.engines.queues import KeyedQueue
from tracecourt.formats import Format
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import atoms, symbols

PLACE = "place"  # the order in which entries came


@dataclass(frozen=True)
class Preference:
    """A way to choose among equals, and how far it explains the choices of a run.

    Attributes:
        name: in words, such as `lower g`.
        by: the name of a field, of a function or of the identity; `place` for the order in which entries came.
        least: whether the least is preferred; of places, the first.
        kept: choices at which what was taken is among those that it prefers.
        decided: choices at which it prefers one entry only, whether that was taken or not.
        explains: whether what was taken is always among those that it prefers.
        decides: whether it also prefers one entry only at every choice.
        then: preferences that explain what this one leaves open, where it explains all and leaves something open.
    """

    name: str
    by: str
    least: bool
    kept: int
    decided: int
    explains: bool
    decides: bool
    then: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The preference as plain values."""
        return {
            "name": self.name,
            "by": self.by,
            "least": self.least,
            "kept": self.kept,
            "decided": self.decided,
            "explains": self.explains,
            "decides": self.decides,
            "then": list(self.then),
        }


@dataclass(frozen=True)
class Ties:
    """What a run takes among equals.

    Attributes:
        procedure: the procedure whose run it is.
        queue: the name of the queue.
        choices: events that take one of at least two entries with the best key.
        preferences: all that were tried.
    """

    procedure: str
    queue: str
    choices: int
    preferences: tuple[Preference, ...]

    @property
    def explaining(self) -> tuple[Preference, ...]:
        """The preferences that explain every choice and tell apart at least one entry from others."""
        return tuple(p for p in self.preferences if p.explains and p.decided)

    def to_dict(self) -> dict[str, Any]:
        """What was found, as plain values."""
        return {
            "procedure": self.procedure,
            "queue": self.queue,
            "choices": self.choices,
            "explained_by": [p.name for p in self.explaining],
            "preferences": [p.to_dict() for p in self.preferences],
        }


Measured = Callable[[KeyedQueue, Sequence[Any], Registers], list[Any]]


@dataclass(frozen=True)
class _Measure:
    """What entries are compared by: their values in turn; None for an entry that has none."""

    by: str
    names: tuple[str, str]  # the preference for the least and for the greatest
    values: Measured


@dataclass(frozen=True)
class _Point:
    """Where an event chooses: the argument at `index` is one of the best of a queue, if the premises hold."""

    index: int
    queue: ir.Symbol
    premises: tuple[Code, ...]


@dataclass
class _Record:
    """The choices at one queue so far."""

    choices: int = 0
    kept: dict[str, int] = field(default_factory=dict)
    decided: dict[str, int] = field(default_factory=dict)
    then: dict[str, dict[str, int]] = field(default_factory=dict)  # what still explains the rest, and how often it decides


class Choices:
    """The choices among equals that a system's events make."""

    def __init__(self, form: Format) -> None:
        self.form = form
        self._points = {name: tuple(self._found(event)) for name, event in form.system.events.items()}
        queues = {point.queue for points in self._points.values() for point in points}
        self._measures = {
            variable.symbol: tuple(self._measured(variable)) for variable in form.system.state if variable.symbol in queues
        }

    def __bool__(self) -> bool:
        """Whether there are any such events. A text that hides a part of the run does not tell what they choose from."""
        return bool(self._measures) and not self.form.system.partial

    def ties(self, document: Document, params: Mapping[str, Any]) -> tuple[Ties, ...]:
        """What the events of a document choose, queue by queue; the trace is believed where it breaks rules."""
        if not self or document.missing:
            return ()
        r, interpreter = opened(self.form, document, params).r, self.form.interpreter
        records = {queue: _Record() for queue in self._measures}
        try:
            for name, arguments in document.events:
                action = interpreter.actions[name]
                if self._points[name]:
                    interpreter.bind(action, r, arguments)
                    for point in self._points[name]:
                        self._choice(point, arguments[point.index], r, records[point.queue])
                interpreter.apply(action, r, arguments)
        except (TooLarge, RecursionError):
            return ()
        return tuple(self._summed(queue, record) for queue, record in records.items())

    # ------------------------------------------------------------ where choices are made
    def _found(self, event: ir.Event) -> Iterator[_Point]:
        """The arguments of an event of which a rule says that they have the best key of a queue."""
        parameters = {symbol: index for index, symbol in enumerate(event.parameters)}
        seen = set()
        for rule in event.rules:
            for premises, atom in atoms(rule.condition) if rule.level in ir.SOUND_LEVELS else ():
                for symbol, values, _ in definitions(atom, parameters):
                    if is_bests(values) and isinstance(values, ir.Prim) and isinstance(values.args[0], ir.Ref):
                        index, queue = parameters[symbol], values.args[0].symbol
                        if (index, queue) not in seen:
                            seen.add((index, queue))
                            yield _Point(index, queue, tuple(map(self.form.interpreter.evaluator.code, premises)))

    # ------------------------------------------------------------ what entries are compared by
    def _measured(self, variable: ir.Variable) -> Iterator[_Measure]:
        identity, *fields = variable.entry
        yield _Measure(PLACE, ("first in", "last in"), lambda queue, tied, r: list(range(len(tied))))
        for index, part in enumerate(fields):
            if _number(part.sort):
                names = f"lower {part.name}", f"higher {part.name}"
                yield _Measure(part.name, names, _field(None if len(fields) == 1 else index))
        known = {part.name for part in variable.entry}
        for function in self.form.system.functions:
            if function.name not in known and _rates(function, identity.sort):
                known.add(function.name)
                names = f"lower {function.name}", f"higher {function.name}"
                yield _Measure(function.name, names, self._function(function, identity))
        if _ordered(identity.sort):
            names = f"smaller {identity.name}", f"greater {identity.name}"
            yield _Measure(identity.name, names, lambda queue, tied, r: list(tied))

    def _function(self, function: ir.Function, identity: ir.Symbol) -> Measured:
        evaluator = self.form.interpreter.evaluator
        argument = ir.Symbol(identity.name, identity.sort, "local")
        slot = evaluator.slot(argument)
        code = evaluator.code(
            ir.Call(function.sort, function.span, function, (ir.Ref(identity.sort, function.span, argument),))
        )

        def value(element: Any, r: Registers) -> Any:
            r[slot] = element
            try:
                return code(r)
            except Undefined:
                return None

        return lambda queue, tied, r: [value(element, r) for element in tied]

    # ------------------------------------------------------------ one choice, and all
    def _choice(self, point: _Point, taken: Any, r: Registers, record: _Record) -> None:
        queue = r[self.form.interpreter.evaluator.slot(point.queue)]
        if taken not in queue or not all(premise(r) for premise in point.premises):
            return
        tied = queue.bests()
        if len(tied) < 2 or taken not in tied:
            return
        record.choices += 1
        at = tied.index(taken)
        rows = [measure.values(queue, tied, r) for measure in self._measures[point.queue]]
        everywhere = list(range(len(tied)))
        best: dict[str, list[int]] = {}
        for measure, row in zip(self._measures[point.queue], rows, strict=True):
            for name, least in zip(measure.names, (True, False), strict=True):
                best[name] = _best(row, everywhere, least=least)
                record.kept[name] = record.kept.get(name, 0) + (at in best[name])
                record.decided[name] = record.decided.get(name, 0) + (len(best[name]) == 1)
        for name, among in best.items():
            if record.kept[name] == record.choices:
                self._second(point, rows, name, among, at, record)

    def _second(self, point: _Point, rows: list[list[Any]], name: str, among: list[int], at: int, record: _Record) -> None:
        """Note which preferences explain what is left open by one that explains all so far."""
        if name not in record.then:
            others = (m for m in self._measures[point.queue] if name not in m.names)
            record.then[name] = {other: 0 for measure in others for other in measure.names}
        alive = record.then[name]
        if len(among) == 1:
            return
        for measure, row in zip(self._measures[point.queue], rows, strict=True):
            for other, least in zip(measure.names, (True, False), strict=True):
                if other in alive:
                    left = _best(row, among, least=least)
                    alive[other] += len(left) < len(among)
                    if at not in left:
                        del alive[other]

    def _summed(self, queue: ir.Symbol, record: _Record) -> Ties:
        def preference(measure: _Measure, name: str, *, least: bool) -> Preference:
            kept, decided = record.kept.get(name, 0), record.decided.get(name, 0)
            explains = bool(record.choices) and kept == record.choices
            decides = explains and decided == record.choices
            then = tuple(other for other, broken in record.then.get(name, {}).items() if broken)
            return Preference(name, measure.by, least, kept, decided, explains, decides, then if explains and decided else ())

        found = tuple(
            preference(measure, name, least=least)
            for measure in self._measures[queue]
            for name, least in zip(measure.names, (True, False), strict=True)
        )
        return Ties(self.form.system.procedure, queue.name, record.choices, found)


def _best(row: Sequence[Any], among: Sequence[int], *, least: bool) -> list[int]:
    """Which of some entries have the least or the greatest value; none, where one has no value."""
    values = [row[index] for index in among]
    if any(value is None for value in values):
        return []
    wanted = min(values) if least else max(values)
    return [index for index, value in zip(among, values, strict=True) if value == wanted]


def _field(index: int | None) -> Measured:
    """The values of a field; an entry with one field beside its identity holds its value itself."""
    if index is None:
        return lambda queue, tied, r: [queue[element] for element in tied]
    return lambda queue, tied, r: [queue[element][index] for element in tied]


def _number(sort: t.Sort) -> bool:
    return isinstance(sort, (t.Int, t.Rational))


def _ordered(sort: t.Sort) -> bool:
    """Whether values can be compared whatever they are: numbers, texts, and tuples of such."""
    if isinstance(sort, t.Tuple):
        return all(_ordered(inner) for _, inner in sort.fields)
    return _number(sort) or isinstance(sort, (t.Text, t.Enum, t.Bool))


def _rates(function: ir.Function, identity: t.Sort) -> bool:
    """Whether a function gives each identity a number, which depends on the problem alone and is not always the same."""
    return (
        len(function.parameters) == 1
        and t.accepts(function.parameters[0].sort, identity)
        and _number(function.sort)
        and not isinstance(function.body, ir.Const)
        and all(symbol.kind != "state" for symbol in symbols(function.body))
    )
