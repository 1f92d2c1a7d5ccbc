"""Checks a pack: every file by itself, every format joined, every trace block and every example with its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from tracecourt.check import Trial, check, conclude
from tracecourt.documents import Document, Step
from tracecourt.engines.interpreter import empty
from tracecourt.engines.primitives import thaw
from tracecourt.engines.values import freeze
from tracecourt.errors import InputError, SpecError, TracecourtError
from tracecourt.formats import Format, open_format
from tracecourt.grammar.trace_grammar import TraceGrammar
from tracecourt.resources import KINDS, Library, read_source
from tracecourt.rows import Row, read_rows
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.library import Specifications
from tracecourt.spec.parser import parse
from tracecourt.text import Diagnostic, Source, Span
from tracecourt.verdict import Report

EXAMPLES = ".examples.jsonl"
COMPARED = ("verdict", "rule", "event", "level", "plan")
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
            self.note(f"{what}: error: {error}")
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
    root = path if path.is_dir() else path.resolve().parents[2 if path.suffix == ".spec" else 1]
    library = Library.shipped().extended(root.resolve())
    findings = Findings()
    for file in sorted(_files(path)):
        _file(file, library, findings)
    if not findings.checked:
        raise InputError(f"{path} holds no specs/*/NAME.spec and no grammars/NAME.lark")
    return findings


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for folder in KINDS.values():
        yield from path.glob(f"specs/{folder}/*.spec")
    yield from path.glob("grammars/*.lark")


def _file(file: Path, library: Library, findings: Findings) -> None:
    source = findings.attempt(str(file), lambda: read_source(file))
    if source is None:
        return
    if file.suffix == ".lark":
        if _is_trace_grammar(source):
            findings.attempt(str(file), lambda: TraceGrammar.load(file.stem, library))
        return
    specifications = Specifications(library)
    declarations = findings.attempt(str(file), lambda: parse(source))
    for declaration in declarations or ():
        name = declaration.name
        if name != file.stem or file.parent.name != KINDS[declaration.kind]:
            message = f"a {declaration.kind} {name} lies in specs/{KINDS[declaration.kind]}/{name}.spec"
            findings.note(Diagnostic(message, source, declaration.span, "place").render())
        elif declaration.kind == "format":
            form = findings.attempt(f"format {name}", lambda name=name: open_format(name, library))  # type: ignore[misc]
            if form is not None:
                _examples(form, file, findings)
        else:
            kind = declaration.kind
            module = findings.attempt(f"{kind} {name}", lambda k=kind, n=name: specifications.alone(k, n))  # type: ignore[misc]
            if module is not None and kind == "procedure":
                _blocks(name, specifications, findings)


def _is_trace_grammar(source: Source) -> bool:
    """Whether a grammar is one of traces, not a file of shared terminals or of the specification language."""
    return all(any(line.startswith(f"{rule}:") for line in source.text.splitlines()) for rule in ("prompt", "trace"))


# ---------------------------------------------------------------- trace blocks
def _blocks(name: str, specifications: Specifications, findings: Findings) -> None:
    for example in findings.attempt(f"trace blocks of {name}", lambda: specifications.examples(name)) or ():
        system = specifications.over(name, example.domain)
        report = findings.attempt(f"trace block of {name}", lambda e=example, s=system: tried(e, s))  # type: ignore[misc]
        wanted = {"verdict": example.verdict}
        if example.rule is not None:
            wanted["rule"] = example.rule
        if example.at is not None:
            wanted["event"] = example.at  # type: ignore[assignment]
        difference = report and different(report, wanted)
        if difference:
            findings.note(
                Diagnostic(f"this trace is expected to be {difference}", example.source, example.span, "trace").render()
            )


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
    steps = tuple(Step(action, arguments, Span(0, 0)) for action, arguments in events)
    sorts: dict[str, t.Sort] = {fact.name: fact.sort for fact in system.facts}
    ended = example.verdict != "truncated"
    document = Document(Source("trace", ""), facts, sorts, steps, ended, False, None, (), "trace", True)
    trial = Trial(form, document)
    trial.open(params)
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
        findings.note(f"{path}: error[examples]: format {form.name} has no examples; add rows with prompt, trace and expected")
        return
    rows = findings.attempt(str(path), lambda: list(read_rows(str(path)))) or []
    verdicts = set()
    for row in rows:
        fault = unexpected(form, row)
        verdicts.add((row.expected or {}).get("verdict"))
        if fault:
            findings.note(f"{row.place}: error[example]: {row.id}: {fault}")
    for needed in {"sound", "unsound"} - verdicts:
        findings.note(f"{path}: error[examples]: format {form.name} has no example that is {needed}")


def unexpected(form: Format, row: Row) -> str:
    """How a row's verdict differs from the one that its author expects; empty when it does not."""
    if row.expected is None or "verdict" not in row.expected:
        return 'the row does not say what is expected: "expected": {"verdict": …}'
    try:
        report = check(form, row.prompt, row.trace, row.params, row.id)
    except TracecourtError as error:
        return str(error)
    return different(report, row.expected)


def different(report: Report, expected: Any) -> str:
    """What was expected and what was found instead, for the first difference; empty when there is none."""
    found = report.to_dict() | {"follows_trace": report.plan_follows_trace}
    for key in (*COMPARED, "plan_follows_trace", "follows_trace"):
        if key in expected and expected[key] != found[key]:
            return f"{key} {expected[key]}, but it is {found[key]}" + (
                f" ({report.rule} at event {report.event}: {report.message})"
            )
    return ""
