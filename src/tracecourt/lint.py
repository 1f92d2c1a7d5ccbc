"""Checks a pack: every file by itself, every format joined, every trace block and every example with its verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tracecourt.check import Trial, check, conclude
from tracecourt.documents import Step, unwritten
from tracecourt.engines.interpreter import empty
from tracecourt.engines.primitives import thaw
from tracecourt.engines.values import freeze, show
from tracecourt.errors import InputError, SpecError, TracecourtError, suggestion
from tracecourt.formats import Format, joined
from tracecourt.grammar.trace_grammar import TraceGrammar
from tracecourt.lemmas import refuted
from tracecourt.report.text import sentence
from tracecourt.resources import KINDS, Library, read_source
from tracecourt.rows import Row, read_rows
from tracecourt.spec import ir
from tracecourt.spec.library import Specifications
from tracecourt.spec.parser import parse
from tracecourt.text import Diagnostic, Note, Source
from tracecourt.verdict import Report

SPEC, GRAMMAR, EXAMPLES = ".spec", ".lark", ".examples.jsonl"
COMPARED = ("verdict", "rule", "event", "level", "plan", "plan_follows_trace", "follows_trace")
T = TypeVar("T")


@dataclass
class Findings:
    """What was checked, and what was found wrong."""

    checked: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def attempt(self, what: str, action: Callable[[], T]) -> T | None:
        """Do something that may find faults; each fault is noted once."""
        self.checked.append(what)
        try:
            return action()
        except SpecError as error:
            for diagnostic in error.diagnostics:
                self.note(diagnostic.render())
        except InputError as error:
            self.note(f"{what}:1:1: error[file]: {error}")
        return None

    def note(self, fault: str) -> None:
        """Add a fault, unless it is known."""
        if fault not in self.faults:
            self.faults.append(fault)


def lint(path: Path) -> Findings:
    """Check a pack (a folder with `specs/` or `grammars/`), or one file of a pack.

    Raises:
        InputError: when there is nothing to check.
    """
    if not path.exists():
        raise InputError(f"there is no file or folder {path}")
    if not path.is_dir() and path.suffix not in (SPEC, GRAMMAR):
        raise InputError(f"{path} is no {SPEC} and no {GRAMMAR} file; name one, or a folder with specs/ and grammars/")
    files = sorted(_files(path))
    if not files:
        raise InputError(f"{path} holds no specs/*/NAME{SPEC} and no grammars/NAME{GRAMMAR}")
    specifications, findings = Specifications(Library.shipped().extended(_root(path))), Findings()
    for file in files:
        _file(file, specifications, findings)
    return findings


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    yield from path.glob(f"specs/*/*{SPEC}")
    yield from path.glob(f"grammars/*{GRAMMAR}")


def _root(path: Path) -> Path:
    """The folder of the pack: PACK of `PACK/specs/KIND/NAME.spec` and of `PACK/grammars/NAME.lark`."""
    above = [path.resolve(), *path.resolve().parents]
    depth = 0 if path.is_dir() else 3 if path.suffix == SPEC else 2
    return above[min(depth, len(above) - 1)]


def _file(file: Path, specifications: Specifications, findings: Findings) -> None:
    library = specifications.library
    source = findings.attempt(str(file), lambda: read_source(file))
    if source is None:
        return
    if file.suffix == GRAMMAR:
        if _is_trace_grammar(source):
            findings.attempt(str(file), lambda: TraceGrammar.load(file.stem, library))
        return
    declarations = findings.attempt(str(file), lambda: parse(source))
    for declaration in declarations or ():
        name = declaration.name
        if name != file.stem or file.resolve().parent.name != KINDS[declaration.kind]:
            message = f"a {declaration.kind} {name} lies in specs/{KINDS[declaration.kind]}/{name}.spec"
            findings.note(Diagnostic(message, source, declaration.span, "place").render())
        elif declaration.kind == "format":
            form = findings.attempt(f"format {name}", lambda name=name: joined(name, specifications))  # type: ignore[misc]
            if form is not None:
                _examples(form, file, findings)
        else:
            kind = declaration.kind
            module = findings.attempt(f"{kind} {name}", lambda k=kind, n=name: specifications.alone(k, n))  # type: ignore[misc]
            if module is not None and kind == "procedure":
                _lemmas(name, _blocks(name, specifications, findings), findings)


def _is_trace_grammar(source: Source) -> bool:
    """Whether a grammar is one of traces, not a file of shared terminals or of the specification language."""
    return all(any(line.startswith(f"{rule}:") for line in source.text.splitlines()) for rule in ("prompt", "trace"))


# ---------------------------------------------------------------- trace blocks
def _blocks(name: str, specifications: Specifications, findings: Findings) -> dict[str, ir.System]:
    """Try the trace blocks of a procedure; the systems by domain."""
    systems: dict[str, ir.System] = {}
    for example in findings.attempt(f"trace blocks of {name}", lambda: specifications.examples(name)) or ():
        if example.domain not in systems:
            systems[example.domain] = specifications.over(name, example.domain)
        system = systems[example.domain]
        report = findings.attempt(f"trace block of {name}", lambda e=example, s=system: tried(e, s))  # type: ignore[misc]
        wanted = {"verdict": example.verdict}
        if example.rule is not None:
            wanted["rule"] = example.rule
        if example.at is not None:
            wanted["event"] = example.at  # type: ignore[assignment]
        difference = report and different(report, wanted)
        if difference:
            findings.note(
                Diagnostic(f"this trace is expected to have {difference}", example.source, example.span, "trace").render()
            )
    return systems


def _lemmas(name: str, systems: Mapping[str, ir.System], findings: Findings) -> None:
    """Whether random runs keep the lemmas of a procedure, over each domain of its trace blocks that draws problems."""
    for domain, system in systems.items():
        if system.sample and any(promise.kind == "lemma" for promise in system.promises):
            form = Format(system, _NO_GRAMMAR, Library(()))
            found = findings.attempt(f"lemmas of {name} over {domain}", lambda f=form: refuted(f))  # type: ignore[misc]
            if found is not None:
                rule, run = found.promise.rule, found.run().replace("\n", "\n    ")
                message = f"the lemma {rule.name} does not hold over {domain}: {found.message}"
                note = Note(f"it is broken at the end of this run:\n    {run}")
                findings.note(Diagnostic(message, rule.source, rule.span, "lemma", (note,)).render())


def tried(example: ir.Example, system: ir.System) -> Report:
    """The report on a trace block."""
    form = Format(system, _NO_GRAMMAR, Library(()))
    facts: dict[str, Any] = {fact.name: empty(fact.sort) for fact in system.facts}
    params = {}
    for name, value in example.settings.items():
        if name in facts:
            facts[name] = thawed(value)
        else:
            params[name] = thawed(value)
    missing = [name for name, value in facts.items() if value is None]
    if missing:
        raise SpecError([Diagnostic(f"the trace block does not state {missing[0]}", example.source, example.span, "trace")])
    actions = form.interpreter.actions
    events = ((actions[name], tuple(freeze(thawed(a)) for a in arguments)) for name, arguments in example.events)
    steps = tuple(Step(action, arguments, system.shown[action.event.name]) for action, arguments in events)
    document = unwritten(system, facts, steps, ended=example.verdict != "truncated")
    trial = Trial(form, document)
    try:
        trial.open(params)
    except InputError as error:
        raise SpecError([Diagnostic(str(error), example.source, example.span, "trace")]) from None
    return conclude(trial, "")


_NO_GRAMMAR: Any = None  # a trace block has events, not text


def thawed(value: Any) -> Any:
    """A constant of a specification as a value of the engines."""
    if isinstance(value, dict):
        return {key: thawed(inner) for key, inner in value.items()}
    return thaw(value)


# ---------------------------------------------------------------- examples
def _examples(form: Format, file: Path, findings: Findings) -> None:
    path = file.with_name(form.name + EXAMPLES)
    if not path.is_file():
        findings.note(f"{path}:1:1: error[examples]: there is no such file; add rows with prompt, trace and expected")
        return
    findings.checked.append(str(path))
    verdicts: set[str] = set()
    try:
        for row in read_rows(str(path)):
            fault = unexpected(form, row)
            verdicts.add(str((row.expected or {}).get("verdict")))
            if fault:
                findings.note(f"{row.place}:1: error[example]: {row.id}: {fault}")
    except InputError as error:
        place, _, message = str(error).removeprefix(f"{path}:").partition(": ")
        line = place if place.isdecimal() else "1"
        findings.note(f"{path}:{line}:1: error[example]: {message if place.isdecimal() else error}")
        return
    answer = form.system.answer
    speaks = form.grammar.items & form.system.events.keys() - {answer.event.name if answer else ""}
    for needed in sorted({"sound", "unsound"} - verdicts if speaks else {"sound"} - verdicts):
        findings.note(f"{path}:1:1: error[examples]: format {form.name} has no example that is {needed}")


def unexpected(form: Format, row: Row) -> str:
    """How a row's verdict differs from the one that its author expects; empty when it does not."""
    if row.expected is None or "verdict" not in row.expected:
        return 'the row does not say what is expected: "expected": {"verdict": …}'
    for key in row.expected:
        if key not in COMPARED:
            return f"nothing named {key} can be expected{suggestion(key, COMPARED)}"
    try:
        report = check(form, row.prompt, row.trace, row.params, row.id)
    except TracecourtError as error:
        return str(error)
    return different(report, row.expected)


def expectation(row: Row) -> Mapping[str, Any]:
    """What a row's author expects.

    Raises:
        InputError: when the row says nothing of it.
    """
    if row.expected is None:
        raise InputError(f"{row.place}: the row has no `expected` to compare with")
    if not row.expected.keys() & {*COMPARED}:
        raise InputError(f"{row.place}: the row's `expected` has none of the fields {', '.join(COMPARED)}")
    return row.expected


def different(report: Report, expected: Mapping[str, Any]) -> str:
    """What was expected and what was found instead, for the first difference; empty when there is none."""
    found = report.to_dict() | {"follows_trace": report.plan_follows_trace}
    for key in COMPARED:
        if key in expected and expected[key] != found[key]:
            return f"{key} {_said(expected[key])}, but it is {show(found[key])} ({sentence(report)})"
    return ""


def _said(value: Any) -> str:
    return json.dumps(value) if isinstance(value, (list, dict)) else show(value)
