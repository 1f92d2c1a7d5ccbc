"""Formats: a grammar, a domain and a procedure joined, checked against each other, and ready to try traces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tracecourt.engines.hidden import HiddenRuns
from tracecourt.engines.interpreter import Interpreter
from tracecourt.engines.legal import LegalEvents
from tracecourt.engines.primitives import Undefined
from tracecourt.engines.values import Reader, fits, reader
from tracecourt.errors import InputError, SpecError, suggestion
from tracecourt.grammar.trace_grammar import Shape, TraceGrammar
from tracecourt.resources import Library
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.declarations import END
from tracecourt.spec.library import Specifications, located
from tracecourt.text import Diagnostic, Note, Span

if TYPE_CHECKING:
    from tracecourt.engines.compiled import Compiled
    from tracecourt.engines.flat.machine import Machine
    from tracecourt.engines.native import Native
    from tracecourt.grammar.bytecells import Layout
    from tracecourt.scanning import Scanners

HIDES = "its text hides a part of the run, which has to be looked for"
NESTED = "its rules are nested more deeply than Python allows"
ENGINES = ("auto", "interpreter", "compiled", "native")
MOST_NATIVES = 4


@dataclass(frozen=True, eq=False)
class Format:
    """A format that is loaded: its text's grammar, its system, and the engines over it."""

    system: ir.System
    grammar: TraceGrammar
    library: Library

    @property
    def name(self) -> str:
        """The name under which it is loaded."""
        return self.system.name

    @cached_property
    def interpreter(self) -> Interpreter:
        """The reference engine."""
        return Interpreter(self.system)

    @cached_property
    def scanners(self) -> Scanners:
        """The fast way from a text to its items, where the grammar has one."""
        from tracecourt.scanning import Scanners

        return Scanners(self.grammar, self.fact_sorts, self.sorts)

    @cached_property
    def fact_sorts(self) -> dict[str, t.Sort]:
        """The facts and their sorts."""
        return {fact.name: fact.sort for fact in self.system.facts}

    @cached_property
    def unprinted(self) -> dict[str, t.Sort]:
        """The facts that no text states."""
        return {name: sort for name, sort in self.fact_sorts.items() if name not in self.grammar.items}

    @property
    def compiled(self) -> Compiled | None:
        """The fast engine; None where there is none."""
        return None if isinstance(self._compiled, str) else self._compiled

    @property
    def without_engine(self) -> str:
        """Why there is no compiled engine; empty where there is one."""
        return self._compiled if isinstance(self._compiled, str) else ""

    @cached_property
    def _compiled(self) -> Compiled | str:
        from tracecourt.engines.compiled import Compiled

        if self.system.partial:
            return HIDES
        try:
            return Compiled(self.interpreter)
        except (SyntaxError, RecursionError):
            return NESTED

    @cached_property
    def without_native(self) -> str:
        """Why there is no native engine, numba or not; empty where there is one."""
        from tracecourt.engines.flat.layout import NotFlat
        from tracecourt.grammar.automaton import NotRegular

        try:
            self._plain_machine, self._byte_scanners  # noqa: B018 they raise
        except (NotFlat, NotRegular) as why:
            return str(why)
        return ""

    def native(self, given: Mapping[str, Any], *, declared: bool) -> Native | None:
        """The native engine for parameters that no text decides; `declared`: whether it asks the rules of that level.

        None where there is none, or where it would be the fifth for other parameters: each takes a while to compile.
        """
        from tracecourt.engines.native import Native

        key = repr(sorted(given.items())) if given else "", declared
        if key not in self._natives:
            if self.without_native or len(self._natives) >= MOST_NATIVES:
                return None
            settings = self.settings(given)
            plain = not given and not declared
            machine = self._plain_machine if plain else self._machine(settings, declared=declared)
            made = Native(self.name, self._byte_scanners, machine, settings)
            self._natives[key] = made
        return self._natives[key]

    @cached_property
    def _natives(self) -> dict[tuple[str, bool], Native]:
        return {}

    @cached_property
    def settled(self) -> frozenset[str]:
        """The parameters that no text decides."""
        return frozenset(p.symbol.name for p in self.system.params if p.inferred is None)

    def settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The values of the parameters that no text decides: what is given, or their defaults."""
        found: dict[str, Any] = {}
        registers, evaluator = self.interpreter.evaluator.registers(), self.interpreter.evaluator
        for param in self.system.params:
            name = param.symbol.name
            if param.inferred is None and name in given:
                found[name] = given[name]
            elif param.inferred is None and param.default is not None:
                with suppress(Undefined, TypeError):  # it depends on another one that a text decides
                    found[name] = evaluator.code(param.default)(registers)
            registers[evaluator.slot(param.symbol)] = found.get(name)
        return found

    @cached_property
    def _plain_machine(self) -> Machine:
        """The system lowered as it is wanted most: with the default settings, its declared level not asked."""
        return self._machine(self.settings({}), declared=False)

    def _machine(self, settings: Mapping[str, Any], *, declared: bool) -> Machine:
        from tracecourt.engines.flat.machine import machine

        return machine(self.system, sorted(self.grammar.items), settings, declared=declared, end=END)

    @cached_property
    def _byte_scanners(self) -> dict[str, str]:
        from tracecourt.grammar.bytescan import scanner_source

        return {start: scanner_source(self.grammar, start, self.layouts) for start in ("document", "prompt", "trace")}

    @property
    def engines(self) -> list[str]:
        """The engines that it has, the fastest first, whether numba is there or not."""
        without = {"native": self.without_native, "compiled": self.without_engine}
        return [name for name in reversed(ENGINES[1:]) if not without.get(name)]

    @property
    def slow(self) -> Iterator[str]:
        """Why texts are read or tried the slow way: nothing, where they are not."""
        if self.without_engine:
            yield f"not compiled: {self.without_engine}"
        elif self.without_native:
            yield f"not native: {self.without_native}"
        if why := self.scanners.why_not("document"):  # which holds prompt and trace
            yield f"no scanner: {why}"

    def engine(self, name: str) -> Compiled | None:
        """What tries one trace for the engine of that name, one of `ENGINES`; None for the reference alone.

        Raises:
            InputError: as `demand` does.
        """
        self.demand(name)
        return None if name == "interpreter" else self.compiled

    def demand(self, name: str) -> None:
        """Ask for an engine, one of `ENGINES`.

        Raises:
            InputError: when the format does not have it, or nothing has that name.
        """
        if name not in ENGINES:
            raise InputError(f"there is no engine {name}{suggestion(name, ENGINES)}")
        if name == "native":
            from tracecourt.engines.native import available

            if not available():
                raise InputError("the engine native needs numba: install tracecourt[fast]")
            if self.without_native:
                raise InputError(f"{self.name} has no engine native: {self.without_native}; leave it to auto")
        if name == "compiled" and self.without_engine:
            raise InputError(f"{self.name} has no engine {name}: {self.without_engine}; leave it to auto")

    @cached_property
    def hidden(self) -> HiddenRuns:
        """The search for a run behind a text that does not show all of it."""
        return HiddenRuns(self.interpreter, self.legal)

    def readers(self, item: str, count: int) -> tuple[Reader, ...]:
        """What reads the printed arguments of an event, or of a fact that is stated with so many."""
        if (item, count) not in self._readers:
            self._readers[item, count] = tuple(map(reader, self.sorts(item, count)))
        return self._readers[item, count]

    def sorts(self, item: str, count: int) -> tuple[t.Sort, ...]:
        """The sorts of the printed arguments of an event, or of a fact that is stated with so many."""
        shown = self.system.shown.get(item)
        if shown is not None:
            return tuple(part.sort for part in shown)
        return argument_sorts(self.fact_sorts[item], count) if item in self.fact_sorts else ()

    def layouts(self, item: str, count: int) -> tuple[Layout, ...]:
        """How a byte scanner lays out the arguments that `readers` reads.

        Raises:
            NoByteScanner: when one of them is not made of numbers and names of a fixed list.
        """
        from tracecourt.scanning import layout

        return tuple(map(layout, self.sorts(item, count)))

    @cached_property
    def _readers(self) -> dict[tuple[str, int], tuple[Reader, ...]]:
        return {}

    @cached_property
    def legal(self) -> LegalEvents:
        """The same rules, asked which events they allow."""
        return LegalEvents(self.interpreter)


def open_format(name: str, library: Library | None = None) -> Format:
    """The format of that name, or at that path (`PACK/specs/formats/NAME.spec`).

    Raises:
        InputError: when there is none, with the nearest name.
        SpecError: when a part is faulty or the parts do not fit.
    """
    library, name = located(name, library or Library.shipped(), "format")
    return joined(name, Specifications(library))


def joined(name: str, specifications: Specifications, procedure: str | None = None) -> Format:
    """The format of that name, perhaps with another procedure, over specifications that may have been read before.

    Raises:
        InputError, SpecError: as `open_format` does.
    """
    library = specifications.library
    system = specifications.format(name, procedure)
    grammar = TraceGrammar.load(system.grammar, library)
    diagnostics = list(_misfits(system, grammar))
    if diagnostics:
        raise SpecError(diagnostics)
    return Format(system, grammar, library)


def alternatives(form: Format) -> Iterator[Format]:
    """The format itself, then its text, grammar and domain joined with every other procedure of its library that fits them.

    A procedure fits if its needs are met, and its events are those that the grammar prints, with as many arguments of such
    sorts. One that is faulty fits nothing; `lint` says why.
    """
    yield form
    specifications = Specifications(form.library)
    for name in form.library.names("procedure"):
        if name != form.system.procedure:
            with suppress(InputError, SpecError):
                if _speaks_alike(specifications.declaration("procedure", name), form):
                    system = specifications.format(form.name, name)
                    if not any(_misfits(system, form.grammar)):
                        yield Format(system, form.grammar, form.library)


def _speaks_alike(procedure: s.Declaration, form: Format) -> bool:
    """Whether a procedure has every event that the grammar prints; asked first, since joining takes longer."""
    events = {item.name for item in procedure.items if isinstance(item, (s.Event, s.Answer))}
    return form.grammar.items <= events | form.fact_sorts.keys() | {END}


def argument_sorts(sort: t.Sort, count: int) -> tuple[t.Sort, ...]:
    """The sorts of the words that state a fact once: an element of a set, a key and its value of a map, or the value.

    A tuple may be printed as one argument or as its fields.
    """
    match sort:
        case t.Map(element=key, value=value):
            return (*_fields(key, count - 1), value)
        case t.Set(element=element) | t.List(element=element):
            return _fields(element, count)
    return _fields(sort, count)


def _fields(sort: t.Sort, count: int) -> tuple[t.Sort, ...]:
    match sort:
        case t.Tuple(fields=fields) if count == len(fields) > 1:
            return tuple(inner for _, inner in fields)
    return (sort,)


def _misfits(system: ir.System, grammar: TraceGrammar) -> Iterator[Diagnostic]:
    """What keeps a grammar and a system from being joined."""
    facts = {fact.name: fact for fact in system.facts}
    known = {*facts, *system.events, END}
    for item in sorted(grammar.items - known):
        hint = suggestion(item, known)
        message = f"{item} is no fact of {system.domain} and no event of {system.procedure}{hint}"
        yield Diagnostic(message, grammar.source, _alias(grammar, item), "join")
    for name in sorted(system.silent & grammar.items):
        message = f"the format hides {name}, and its grammar prints it"
        yield Diagnostic(message, grammar.source, _alias(grammar, name), "join")
    for name in sorted(set(system.events) - grammar.items - system.silent):
        event = system.events[name]
        yield Diagnostic(f"the grammar {grammar.name} never prints {name}", event.source, event.span, "join")
    for name, fact in facts.items():
        if name not in grammar.items and not isinstance(fact.sort, t.Collection):
            source = system.sources[0]
            message = f"the grammar {grammar.name} never states the fact {name} of {system.domain}"
            yield Diagnostic(message, source, Span(0, 1), "join")
    for item in sorted(grammar.items & known - {END}):
        for shapes in grammar.shapes(item):
            printed = system.events.get(item)
            stated = argument_sorts(facts[item].sort, len(shapes)) if item in facts else ()
            sorts = stated if printed is None else tuple(shown.sort for shown in system.shown[item])
            yield from _arguments(grammar, item, shapes, sorts, printed)


def _arguments(
    grammar: TraceGrammar, item: str, shapes: tuple[Shape, ...], sorts: tuple[t.Sort, ...], event: ir.Event | None
) -> Iterator[Diagnostic]:
    where = _alias(grammar, item)
    notes = (Note("declared here", event.source, event.span),) if event is not None else ()
    if len(shapes) != len(sorts):
        message = f"{item} is printed with {len(shapes)} arguments, but is declared with {len(sorts)}"
        yield Diagnostic(message, grammar.source, where, "join", notes)
        return
    for index, (sort, shape) in enumerate(zip(sorts, shapes, strict=True), 1):
        if not fits(sort, shape):
            message = f"what the grammar prints as argument {index} of {item} cannot always be read as {sort}"
            yield Diagnostic(message, grammar.source, where, "join", notes)


def _alias(grammar: TraceGrammar, item: str) -> Span:
    found = re.search(rf"->\s*({re.escape(item)})\b", grammar.source.text)
    return Span(*found.span(1)) if found else Span(0, 1)
