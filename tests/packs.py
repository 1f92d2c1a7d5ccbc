"""Small packs of specifications for tests: written to a folder, read like any user's, tried on the reference engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from textwrap import dedent, indent
from typing import Any

from tracecourt.engines.interpreter import Interpreter, empty
from tracecourt.engines.primitives import RANDOM, Registers, Undefined
from tracecourt.errors import SpecError
from tracecourt.resources import KINDS, Library
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.declarations import Module
from tracecourt.spec.library import Specifications


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

    def faults(self, text: str) -> list[str]:
        """The diagnostics of a domain or procedure, as they are printed."""
        try:
            self.alone(text)
        except SpecError as error:
            return [d.render() for d in error.diagnostics]
        return []

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

    def lab(self, domain: str = "", procedure: str = "", facts: Mapping[str, Any] | None = None, seed: int = 0) -> Lab:
        """A laboratory: items of a domain and of a procedure, joined, with a problem set up."""
        system = self.over(
            f"domain lab\n  fact nothing: set int\n{block(domain)}\n",
            f'procedure lab\n{block(procedure)}\n  end\n    require grounded never-ends: true\n      else ""\n',
        )
        return Lab(system, dict(facts or {}), seed)


@dataclass
class Lab:
    """A system with a problem: its functions can be asked, its events tried."""

    system: ir.System
    facts: dict[str, Any]
    seed: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.interpreter = Interpreter(self.system)
        evaluator = self.interpreter.evaluator
        for symbol in (*self.system.facts, *(p.symbol for p in self.system.params)):
            evaluator.slot(symbol)
        asked = [f for f in self.system.functions if not f.parameters]
        self.codes = {f.name: (f.sort, evaluator.code(ir.Call(f.sort, f.span, f, ()))) for f in asked}
        stated = {f.name: empty(f.sort) for f in self.system.facts} | self.facts
        self.r: Registers = self.interpreter.problem(stated, self.params, lambda sort: [])[0]
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


def lines(diagnostics: Sequence[str]) -> list[str]:
    """The first line of each diagnostic."""
    return [d.splitlines()[0] for d in diagnostics]
