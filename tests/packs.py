"""Small packs of specifications for tests: written to a folder, read like any user's, tried on the reference engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from textwrap import dedent, indent
from typing import Any

from tracecourt.engines.interpreter import Interpreter, empty
from tracecourt.engines.primitives import RANDOM, Undefined
from tracecourt.errors import SpecError
from tracecourt.resources import KINDS, Library
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec import syntax as s
from tracecourt.spec.declarations import Module
from tracecourt.spec.library import Specifications
from tracecourt.text import Diagnostic, Span


def block(text: str, depth: int = 1) -> str:
    """A text's lines at a depth, whatever depth they were written at."""
    return indent(dedent(text).strip("\n"), "  " * depth)


@dataclass(frozen=True)
class Pack:
    """A folder of specifications, searched before the shipped ones."""

    root: Path

    def write(self, text: str, name: str | None = None) -> Path:
        """A file at its place; the place is what the text declares, or what `name` says instead."""
        text = dedent(text).lstrip("\n")
        kind, declared = text.split()[:2]
        folder = self.root / "specs" / KINDS[kind]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name or declared}.spec"
        path.write_text(text, encoding="utf-8")
        return path

    def grammar(self, name: str = "lab") -> None:
        """A grammar that no one will read; its name is what a format asks for."""
        (self.root / "grammars").mkdir(parents=True, exist_ok=True)
        (self.root / "grammars" / f"{name}.lark").write_text("", encoding="utf-8")

    @property
    def specifications(self) -> Specifications:
        """What is written now, with the shipped specifications behind it."""
        return Specifications(Library((self.root, *Library.shipped().roots)))

    def alone(self, text: str) -> Module:
        """A domain or procedure, checked by itself."""
        kind, name = dedent(text).split()[:2]
        self.write(text)
        return self.specifications.alone(kind, name)

    def faults(self, text: str) -> tuple[Diagnostic, ...]:
        """The diagnostics of a domain or procedure."""
        try:
            self.alone(text)
        except SpecError as error:
            return error.diagnostics
        return ()

    def refuse(self, text: str, messages: Sequence[str]) -> None:
        """Assert that a domain or procedure has these faults at the places that are marked in it, and no others."""
        plain, spans = marked(text)
        assert places(self.faults(plain)) == list(zip(messages, spans, strict=True))

    def over(self, domain: str, procedure: str) -> ir.System:
        """A procedure joined with a domain."""
        self.write(domain)
        self.write(procedure)
        return self.specifications.over(procedure.split()[1], domain.split()[1])

    def joined(self, form: str) -> ir.System:
        """A format over parts that were written before."""
        self.grammar()
        self.write(form)
        return self.specifications.format(form.split()[1])

    def lab(self, domain: str = "", procedure: str = "", facts: Mapping[str, Any] | None = None, **more: Any) -> Lab:
        """A laboratory: items of a domain and of a procedure, joined, with a problem set up."""
        system = self.over(
            f"domain lab\n  fact nothing: set int\n{block(domain)}\n",
            f'procedure lab\n{block(procedure)}\n  end\n    require grounded never-ends: true\n      else ""\n',
        )
        return Lab(system, dict(facts or {}), **more)


@dataclass
class Lab:
    """A system with a problem: its functions can be asked, its events tried."""

    system: ir.System
    facts: dict[str, Any]
    seed: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)
    mentions: Mapping[str, list[Any]] = field(default_factory=dict)  # what is printed, by the name of a sort

    def __post_init__(self) -> None:
        self.interpreter = Interpreter(self.system)
        evaluator = self.interpreter.evaluator
        for symbol in (*self.system.facts, *(p.symbol for p in self.system.params)):
            evaluator.slot(symbol)
        asked = [f for f in self.system.functions if not f.parameters]
        self.codes = {f.name: (f.sort, evaluator.code(ir.Call(f.sort, f.span, f, ()))) for f in asked}
        stated = {f.name: empty(f.sort) for f in self.system.facts} | self.facts
        printed = {id(self.system.sorts[name]): values for name, values in self.mentions.items()}
        problem = self.interpreter.problem(stated, self.params, lambda sort: printed.get(id(sort), []))
        self.r, self.params, self.inferred = problem
        self.r[RANDOM] = Random(self.seed)

    def value(self, name: str) -> Any:
        """The value of a function without parameters or of a state variable; None where it has none."""
        for variable in self.system.state:
            if variable.symbol.name == name:
                return python(variable.symbol.sort, self.r[self.interpreter.evaluator.slot(variable.symbol)])
        sort, code = self.codes[name]
        try:
            return python(sort, code(self.r))
        except Undefined:
            return None

    def do(self, name: str, *arguments: Any) -> list[str]:
        """Try an event, make its changes, and name the rules that it broke."""
        action = self.interpreter.actions[name]
        broken = [rule.name for rule in self.interpreter.broken(action, self.r, arguments)]
        self.interpreter.apply(action, self.r, arguments)
        return broken

    def message(self, name: str, *arguments: Any) -> str:
        """The message of the first rule that an event breaks."""
        rules = self.interpreter.broken(self.interpreter.actions[name], self.r, arguments)
        return self.interpreter.message(rules[0], self.r)


def python(sort: t.Sort, value: Any) -> Any:
    """A run-time value as Python people write it: sets as sets, queues as dictionaries, ranges as lists."""
    match sort:
        case t.Set() if value is not None:
            return set(value)
        case t.Map() if value is not None:
            return dict(value.items())
        case t.List() if value is not None:
            return list(value)
    return value


def domain(items: str) -> str:
    """A domain of some items."""
    return f"domain lab\n{block(items)}\n"


def procedure(items: str) -> str:
    """A procedure of some items."""
    return f"procedure lab\n{block(items)}\n"


def places(diagnostics: Sequence[Diagnostic]) -> list[tuple[str, Span]]:
    """What diagnostics say, and where."""
    return [(d.message, d.span) for d in diagnostics]


def marked(text: str) -> tuple[str, list[Span]]:
    """A text without its marks `‹…›`, and the spans between them."""
    plain, spans, starts = "", [], []
    for character in text:
        if character == "‹":
            starts.append(len(plain))
        elif character == "›":
            spans.append(Span(starts.pop(), len(plain)))
        else:
            plain += character
    return plain, sorted(spans, key=lambda span: span.start)


def written(e: s.Expression | tuple[s.Expression, ...]) -> str:
    """An expression with every bracket that its structure asks for."""
    match e:
        case tuple():
            return ": ".join(map(written, e))
        case s.Literal(value=(over, under)):
            return f"{over}/{under}"
        case s.Literal(value=str(text)):
            return f'"{text}"'
        case s.Literal(value=value):
            return str(value).lower()
        case s.Name(name=name):
            return name
        case s.Apply(name=name, arguments=arguments):
            return f"{name}({', '.join(map(written, arguments))})"
        case s.Operation(operator=operator, operands=(one,)):
            return f"({operator} {written(one)})"
        case s.Operation(operator=operator, operands=(one, other)):
            return f"({written(one)} {operator} {written(other)})"
        case s.FieldOf(base=base, field=name):
            return f"{written(base)}.{name}"
        case s.Index(base=base, key=key):
            return f"{written(base)}[{written(key)}]"
        case s.Conditional(condition=c, then=a, otherwise=b):
            return f"(if {written(c)} then {written(a)} else {written(b)})"
        case s.Collection(kind=kind, items=items):
            left, right = {"tuple": "()", "list": "[]"}.get(kind, "{}")
            return left + ", ".join(map(written, items)) + right
        case s.Comprehension(kind=kind, head=head, binder=binder):
            left, right = "[]" if kind == "list" else "{}"
            return f"{left}{written(head)} for {bound(binder)}{right}"
        case s.Aggregate(name=name, head=one, binder=binder):
            return f"{name}({written(one)} for {bound(binder)})"
        case s.Quantified(quantifier=kind, binder=binder, body=body):
            return f"({kind} {bound(binder)}: {written(body)})"
        case s.Least(binder=binder, key=key):
            return f"(least {bound(binder)} by {written(key)})"
    raise AssertionError(e)


def bound(b: s.Binder) -> str:
    guard = "" if b.guard is None else f" if {written(b.guard)}"
    return f"{', '.join(name for name, _ in b.names)} in {written(b.source)}{guard}"
