"""A row's text → the problem that it states and the events that it prints, typed, or where it is malformed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from tracecourt.engines.interpreter import Action, empty
from tracecourt.engines.values import Unreadable, freeze, occurrences, show
from tracecourt.formats import Format
from tracecourt.grammar.items import Completeness, Item, Raw, Reading
from tracecourt.grammar.scanner import Scan
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.declarations import END
from tracecourt.text import Source, Span

NOWHERE = Span(0, 0)  # the place of what was never printed
Words = str | bytes | Sequence[str]


@dataclass(frozen=True)
class Step:
    """One event as it will be tried: `arguments` are what the text shows of it, and `shown` says of which parameters."""

    action: Action
    arguments: tuple[Any, ...]
    shown: tuple[ir.Shown, ...]
    span: Span = NOWHERE


class Scanned(Sequence[Step]):
    """The events of a text that was scanned: names and arguments, and as steps those that someone asks for."""

    def __init__(self, form: Format, names: list[str], arguments: list[tuple[Any, ...]], scan: Scan, places: range | list[int]):
        """`places` are the indices of the events among the items of the scan."""
        self._form, self.names, self.arguments, self._scan, self._places = form, names, arguments, scan, places

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | Sequence[Step]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self.names))[index]]
        name, span = self.names[index], self._scan.spans[self._places[index]]
        return Step(self._form.interpreter.actions[name], self.arguments[index], self._form.system.shown[name], Span(*span))


TOO_DEEP = "this is nested too deeply to be read"


@dataclass(frozen=True)
class Fault:
    """Why a text is malformed, and where; `span` is None when the place lies in the prompt."""

    message: str
    span: Span | None


@dataclass
class Document:
    """What a text says: facts, events, whether its end marker was printed, and its fault if it has one.

    `prompt` is empty where `trace` holds all; `trace` is the text that spans refer to. A `cut` text is a proper prefix of legal
    ones, and `tail` names the items of which its incomplete end may be the beginning.
    """

    prompt: str
    trace: Source
    facts: dict[str, Any]
    sorts: dict[str, t.Sort]
    shown: Mapping[str, tuple[ir.Shown, ...]]
    steps: Sequence[Step]
    ended: bool
    cut: bool
    fault: Fault | None
    missing: tuple[str, ...]
    start: str
    tokens: bool
    tail: frozenset[str] = frozenset()
    _found: dict[int, list[Any]] = field(default_factory=dict, repr=False)

    @property
    def open_ended(self) -> bool:
        """Whether the text may have been cut inside its last word, with nothing that says otherwise."""
        return not (self.ended or self.cut or self.tokens or self.fault)

    def may_be_cut(self, form: Format, allowed: Callable[[tuple[Any, ...]], bool]) -> bool:
        """Whether the last event may be another one, whose last word was cut.

        A number is tried with the digits that it may have lost; which names there are, the text need not say.
        """
        if not self.open_ended:
            return False
        return form.grammar.may_be_longer(self.trace, self.start) or any(map(allowed, self.growths(form, self.steps[-1])))

    def mentions(self, sort: t.Sort) -> list[Any]:
        """Every value that the problem and the trace print where the sort is asked for, once each."""
        if id(sort) not in self._found:
            parts = (part for wanted, value in self._printed() for part in occurrences(wanted, sort, value))
            self._found[id(sort)] = list(dict.fromkeys(map(freeze, parts)))
        return self._found[id(sort)]

    def growths(self, form: Format, step: Step) -> Iterator[tuple[Any, ...]]:
        """The arguments that the last event may have had, if its last number was cut."""
        if growths := form.grammar.growths(self.trace, self.start):
            items = form.grammar.read(self.trace, self.start).items
            raw = next(item.arguments for item in reversed(items) if item.name == step.action.event.name)
            for digits in growths:
                yield typed(form, step.action, _grown(raw, digits))

    @property
    def events(self) -> Iterable[tuple[str, tuple[Any, ...]]]:
        """The events by name, with their arguments."""
        if isinstance(self.steps, Scanned):
            return zip(self.steps.names, self.steps.arguments, strict=True)
        return ((step.action.event.name, step.arguments) for step in self.steps)

    def _printed(self) -> Iterator[tuple[t.Sort, Any]]:
        for name, sort in self.sorts.items():
            if self.facts[name] is not None:
                yield sort, self.facts[name]
        for name, arguments in self.events:
            yield from ((part.sort, value) for part, value in zip(self.shown[name], arguments, strict=True))


def unwritten(system: ir.System, facts: dict[str, Any], steps: Sequence[Step], *, ended: bool) -> Document:
    """The document of events that no text was read for."""
    return Document(
        prompt="",
        trace=Source("trace", ""),
        facts=facts,
        sorts={fact.name: fact.sort for fact in system.facts},
        shown=system.shown,
        steps=tuple(steps),
        ended=ended,
        cut=False,
        fault=None,
        missing=(),
        start="trace",
        tokens=True,
    )


def whole_event(action: Action, arguments: Sequence[Any]) -> str:
    """An event with all its arguments, as a person writes it."""
    return event_text(action.event.name, [p.name for p in action.event.parameters], arguments)


def written(step: Step) -> str:
    """An event as a person writes it: `close (2, 2) with g 9, h 0`."""
    event = step.action.event
    names = [event.parameters[part.index].name for part in step.shown]
    return event_text(event.name, names, step.arguments)


def event_text(event: str, names: Sequence[str], arguments: Sequence[Any]) -> str:
    """An event's name and arguments, those after the first with their names."""
    shown = [f"{name} {show(value)}" for name, value in zip(names, arguments, strict=True)]
    subject = " " + show(arguments[0]) if arguments else ""
    return event + subject + (" with " + ", ".join(shown[1:]) if shown[1:] else "")


def joined(words: Words | None) -> str:
    """A text, or the words of a token list with spaces between them."""
    if words is None:
        return ""
    if isinstance(words, bytes):
        return words.decode("utf-8", errors="replace")
    return words if isinstance(words, str) else " ".join(words)


def read_document(form: Format, prompt: Words | None, trace: Words | None, *, scanned: bool = True) -> Document:
    """Read a row. An empty prompt means that `trace` holds the whole document.

    A text that the format's scanners accept is not read by Lark, unless `scanned` is false; it makes no other difference.
    """
    asked, said = joined(prompt), joined(trace)
    whole = not asked.strip()
    start = "document" if whole else "trace"
    source = Source("trace", said)
    tokens = not isinstance(trace, (str, bytes, type(None)))
    if scanned and (found := _scanned(form, source, start, None if whole else asked, tokens=tokens)) is not None:
        return found
    reading = form.grammar.read(source, start)
    before = None if whole else form.grammar.read(Source("prompt", asked), "prompt")
    return _Typist(form, "" if whole else asked, source, start, tokens).document(before, reading)


# ---------------------------------------------------------------- what was scanned
def _scanned(form: Format, source: Source, start: str, asked: str | None, *, tokens: bool) -> Document | None:
    """The document of texts that scanners accept and readers understand; None leaves it to Lark."""
    scan = _scan(form, start, source.text)
    prompt = None if asked is None or scan is None else _scan(form, "prompt", asked)
    if scan is None or (asked is not None and (prompt is None or not form.scanners.facts.keys() >= prompt.kinds)):
        return None
    facts = _facts(form, [scan] if prompt is None else [prompt, scan])
    if facts is None:
        return None
    steps, ended = _steps(form, scan)
    return Document(
        prompt=asked or "",
        trace=source,
        facts=facts,
        sorts=form.fact_sorts,
        shown=form.system.shown,
        steps=steps,
        ended=ended,
        cut=False,
        fault=None,
        missing=(),
        start=start,
        tokens=tokens,
    )


def _scan(form: Format, start: str, text: str) -> Scan | None:
    scanner = form.scanners.get(start)
    try:
        return None if scanner is None else scanner.scan(text)
    except (Unreadable, RecursionError):
        return None


def _facts(form: Format, scans: Sequence[Scan]) -> dict[str, Any] | None:
    """The facts that texts state; None where one is missing, or stated twice."""
    gathered = form.scanners.gathered
    given: dict[int, list[Any]] = {item: [] for item in gathered}
    for scan in scans:
        if not gathered.keys().isdisjoint(scan.kinds):
            for item, parts in zip(scan.ids, scan.arguments, strict=True):
                if item in given:
                    given[item].append(parts)
    facts = {name: empty(sort) for name, sort in form.unprinted.items()}
    for item, (name, gather) in gathered.items():
        try:
            facts[name] = gather(given[item])
        except ValueError:
            return None
    return facts if not form.unprinted else {name: facts[name] for name in form.fact_sorts}


def _key(sort: t.Sort, parts: Sequence[Any]) -> Any:
    """The key of a map, from what states an entry."""
    return tuple(parts[:-1]) if isinstance(sort, t.Tuple) and len(parts) > 2 else parts[0]


def _steps(form: Format, scan: Scan) -> tuple[Scanned, bool]:
    """The events of a text, and whether its end is marked."""
    ids, scanners, kinds = scan.ids, form.scanners, scan.kinds
    ended = scanners.end in kinds
    total = len(ids) - ended
    if kinds.isdisjoint(scanners.facts) and (not ended or ids.index(scanners.end) == total):
        names, arguments = list(map(scanners.names.__getitem__, ids)), scan.arguments
        return Scanned(form, names[:total], arguments[:total] if ended else arguments, scan, range(total)), ended
    places = [place for place, id in enumerate(ids) if id != scanners.end and id not in scanners.facts]
    names, arguments = [scanners.names[ids[place]] for place in places], [scan.arguments[place] for place in places]
    return Scanned(form, names, arguments, scan, places), ended


class _Typist:
    """Gives items their types, and stops at the first that has none."""

    def __init__(self, form: Format, prompt: str, source: Source, start: str, tokens: bool) -> None:
        self.form, self.prompt, self.source, self.start, self.tokens = form, prompt, source, start, tokens
        self.sorts = form.fact_sorts
        self.facts: dict[str, Any] = {name: empty(sort) for name, sort in self.sorts.items()}
        self.stated: set[str] = set()

    def document(self, before: Reading | None, reading: Reading) -> Document:
        fault: Fault | None = None
        steps: list[Step] = []
        ended = False
        if before is not None:
            if before.fault is not None:
                line, column = before.source.position(before.fault.start)
                fault = Fault(f"in the prompt, line {line}, column {column}: {before.complaint}", None)
            fault = fault or next((f for item in before.items if (f := self.state(item, in_prompt=True))), None)
        for item in reading.items if fault is None else ():
            if item.name in self.sorts:
                fault = self.state(item, in_prompt=False)
            elif item.name == END:
                ended = True
            else:
                step = self.step(item)
                fault = step if isinstance(step, Fault) else None
                if isinstance(step, Step):
                    steps.append(step)
            if fault is not None:
                break
        cut = reading.completeness is Completeness.CUT and fault is None
        missing = tuple(n for n, s in self.sorts.items() if n not in self.stated and empty(s) is None)
        if fault is None and reading.completeness is Completeness.MALFORMED:
            fault = Fault(reading.complaint, reading.fault)
        if fault is None and missing and not cut:
            fault = Fault(f"the prompt does not state the {missing[0]}", None)
        end = reading.items[-1].span.end if reading.items else 0
        return Document(
            prompt=self.prompt,
            trace=self.source,
            facts=self.facts,
            sorts=self.sorts,
            shown=self.form.system.shown,
            steps=tuple(steps),
            ended=ended,
            cut=cut,
            fault=fault,
            missing=missing,
            start=self.start,
            tokens=self.tokens,
            tail=frozenset(self.form.grammar.begun(self.source.text[end:])) if cut else frozenset(),
        )

    def state(self, item: Item, *, in_prompt: bool) -> Fault | None:
        """Add what an item states to the facts."""
        sort, span = self.sorts.get(item.name), None if in_prompt else item.span
        if sort is None:
            return Fault(f"{item.name} stands in the prompt, where only facts can stand", span)
        readers = self.form.readers(item.name, len(item.arguments))
        try:
            values = [read(raw) for read, raw in zip(readers, item.arguments, strict=True)]
        except Unreadable as error:
            return Fault(str(error), span)
        except RecursionError:
            return Fault(TOO_DEEP, span)
        match sort:
            case t.Map(element=key):
                self.facts[item.name][_key(key, values)] = values[-1]
            case t.Set():
                self.facts[item.name][tuple(values) if len(values) > 1 else values[0]] = True
            case t.List():
                self.facts[item.name].append(tuple(values) if len(values) > 1 else values[0])
            case _:
                if item.name in self.stated:
                    return Fault(f"the {item.name} is stated twice", span)
                self.facts[item.name] = tuple(values) if len(values) > 1 else values[0]
        self.stated.add(item.name)
        return None

    def step(self, item: Item) -> Step | Fault:
        action = self.form.interpreter.actions[item.name]
        try:
            shown = self.form.system.shown[item.name]
            return Step(action, typed(self.form, action, item.arguments), shown, item.span)
        except Unreadable as error:
            return Fault(str(error), item.span)
        except RecursionError:
            return Fault(TOO_DEEP, item.span)


def _grown(raw: tuple[Raw, ...], digits: str) -> tuple[Raw, ...]:
    *rest, last = raw
    return (*rest, last + digits if isinstance(last, str) else _grown(last, digits))


def typed(form: Format, action: Action, raw: Sequence[Raw]) -> tuple[Any, ...]:
    """What the text shows of an event, from printed words: its arguments, or views of them where the format says so.

    Raises:
        Unreadable: when a word is no value of its sort.
    """
    return tuple([read(word) for read, word in zip(form.readers(action.event.name, len(raw)), raw, strict=True)])
