"""The fast engine: the loop over a trace's events as Python source, written once for each system.

It runs on the registers of the reference engine and leaves in them what that would have left: `interpreter.py` and
`evaluate.py` say what everything means, this says the same of a whole trace at once, and only whether and where it breaks a
rule. What is to be told of the broken rule, the reference engine tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tracecourt.engines.evaluate import CONNECTIVES
from tracecourt.engines.interpreter import Interpreter, drop
from tracecourt.engines.primitives import Registers
from tracecourt.engines.source import Lines, plain
from tracecourt.engines.writing import Writer
from tracecourt.spec import ir
from tracecourt.spec import sorts as t

Events = Iterable[tuple[str, Sequence[Any]]]


@dataclass(frozen=True)
class Broken:
    """The index of an event, and the first rule of those asked about that it breaks."""

    event: int
    rule: ir.Rule


class Compiled:
    """A system as one function over its registers.

    `source` is the text of the function's module. It is made of nothing but the typed form: names are mangled (a letter, a
    number, and the name's ASCII letters and digits), numbers and texts are written by `repr`, all other constants are objects
    that the text refers to by name. No word of a specification, prompt or trace becomes code, so to execute it is as safe as
    to interpret the typed form.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        if interpreter.system.partial:
            raise ValueError(f"{interpreter.system.name} hides a part of the run: its events cannot be run one after the other")
        writer = _LoopWriter(interpreter)
        self.source = writer.source()
        module = dict(writer.objects)
        exec(compile(self.source, "<compiled system>", "exec"), module)
        self._run: Callable[[Registers, Events, bool], Broken | None] = module["run"]

    def run(self, r: Registers, events: Events, *, declared: bool = True) -> Broken | None:
        """Run events, by name and arguments, up to the first that breaks a rule; None when none does.

        The registers hold a problem and a state; they are left with the state before that event, or after the last one. An
        iterator of events is left behind that event: once the reference has tried it, the rest can be run. Rules of the
        declared level are passed over unless `declared`.

        Raises:
            TooLarge: when a budget ran out.
            RecursionError: when values are nested too deeply.
            KeyError: for an event that the system does not have.
        """
        return self._run(r, events, declared)


class _LoopWriter(Writer):
    """Writes the module of a system: loads what the registers hold, goes through the events, stores the state."""

    def __init__(self, interpreter: Interpreter) -> None:
        super().__init__(interpreter.evaluator)
        self.system = interpreter.system
        self.objects |= {"Broken": Broken, "drop": drop}
        changes = [u for event in self.system.events.values() for u in _flattened(event.updates)]
        self.rebound = {u.target for u in changes if u.kind == "assign" and u.target is not None}
        self.initial = {v.symbol: v.initial for v in self.system.state}
        self.variables = {v.symbol: v for v in self.system.state}
        self.collected = [self.system.answer.collected] if self.system.answer else []

    # ------------------------------------------------------------ the module
    def source(self) -> str:
        """The text of the module."""
        held = [*self.system.facts, *(p.symbol for p in self.system.params), *self.variables, *self.collected]
        self.scope = {symbol: self.name(symbol) for symbol in held}
        self.settled, start = Lines(1), Lines(1)
        for symbol in held:
            start.add(f"{self.scope[symbol]} = r[{self.evaluator.slot(symbol)}]")
            if isinstance(symbol.sort, t.Queue):
                name = self.scope[symbol]
                self.queues[name] = f"{name}_entries", f"{name}_keys"
                start.add(f"{name}_entries, {name}_keys = {name}.entries, {name}.keys")
        with self.elsewhere(Lines(1)) as loop:
            self._loop()
        made = Lines(1)
        for name, (function, slot) in self.memos.items():
            # What was remembered before, by either engine, stays known: the problem does not change.
            made.add(f"{name} = r[{slot}] = r[{slot}] if r[{slot}].__class__ is Memo else Memo({function}, r[{slot}])")
        before = [*start.lines, *self.settled.lines, *self.functions, *made.lines]
        return "\n".join(["def run(r, events, declared):", *before, *loop.lines, ""])

    def _loop(self) -> None:
        self.out.add("i, broken = -1, None")
        with self.out.block("for i, (event, arguments) in enumerate(events):"):
            for number, event in enumerate(self.system.events.values()):
                with self.out.block(f"{'elif' if number else 'if'} event == {event.name!r}:"):
                    self._event(event)
            if self.system.events:
                with self.out.block("else:"):
                    self.out.add("raise KeyError(event)")
            else:
                self.out.add("raise KeyError(event)")
        for symbol in self.variables:
            if symbol in self.rebound:
                self.out.add(f"r[{self.evaluator.slot(symbol)}] = {self.scope[symbol]}")
        self.out.add("return None if broken is None else Broken(i, broken)")

    def _event(self, event: ir.Event) -> None:
        names = {p: self.name(p) for p in event.parameters}
        self.out.add(f"({''.join(f'{name}, ' for name in names.values())}) = arguments".replace(", )", ",)"))
        with self.bound(names):
            for rule in event.rules:
                self._rule(rule)
            for update in event.updates:
                self._update(update)
        answer = self.system.answer
        if answer and event is answer.event:
            one = len(event.parameters) == 1
            self.out.add(f"{self.scope[answer.collected]}.append({'arguments[0]' if one else 'tuple(arguments) or True'})")

    # ------------------------------------------------------------ rules
    def _rule(self, rule: ir.Rule) -> None:
        self.out.add(f"# {plain(rule.name)}")
        leave = f"broken = {self.object(rule, 'rule')}; break"
        if rule.level in ir.SOUND_LEVELS:
            self._unless(rule.condition, leave)
        elif self.heavy(rule.condition):  # a budget may run out whether it is asked about or not
            text = self.value(rule.condition)
            with self.out.block(f"if declared and not {text}:"):
                self.out.add(leave)
        else:
            with self.out.block("if declared:"):
                self._unless(rule.condition, leave)

    def _unless(self, e: ir.Expr, leave: str) -> None:
        """Leave where a condition does not hold."""
        match e:
            case ir.Prim(op="and", args=args):
                for part in args:
                    self._unless(part, leave)
                return
            case ir.Prim(op="=>", args=(premise, consequence)):
                with self.out.block(f"if {self.value(premise)}:"):
                    self._unless(consequence, leave)
                return
            case ir.Prim(op="if", args=(condition, then, otherwise)):
                with self.out.block(f"if {self.value(condition)}:"):
                    self._unless(then, leave)
                with self.out.block("else:"):
                    self._unless(otherwise, leave)
                return
            case ir.Prim(op=op) if op in CONNECTIVES:
                pass
            case _ if self.evaluator.partial(e):
                with self.out.block("try:"):
                    text = self._value(e)
                    with self.out.block(f"if not {text}:"):
                        self.out.add(leave)
                with self.out.block("except NO_VALUE:"):
                    self.out.add(leave)
                return
        with self.out.block(f"if not {self.value(e)}:"):
            self.out.add(leave)

    # ------------------------------------------------------------ updates
    def _update(self, update: ir.Update) -> None:
        """An update; one without a value changes nothing."""
        if update.kind == "when":
            with self.out.block(f"if {self.value(update.value)}:"):
                for inner in update.block:
                    self._update(inner)
            return
        assert update.target is not None
        if not self._may_lack_value(update):
            self.out.add(self._change(update.kind, update.target, self._operands(update)))
            return
        with self.out.block("try:"):
            operands = [self._kept(operand) for operand in self._operands(update)]
        with self.out.block("except NO_VALUE:"):
            self.out.add("pass")
        with self.out.block("else:"):
            self.out.add(self._change(update.kind, update.target, operands))

    def _may_lack_value(self, update: ir.Update) -> bool:
        variable = self.variables.get(update.target) if update.target else None
        asked = [update.value, update.key, variable.key if variable and isinstance(variable.symbol.sort, t.Queue) else None]
        return any(self.evaluator.partial(e) for e in asked if e is not None)

    def _kept(self, text: str) -> str:
        """A name that holds a value for a block that comes later."""
        name = self.fresh()
        self.out.add(f"{name} = {text}")
        return name

    def _operands(self, update: ir.Update) -> list[str]:
        """What is found before anything changes: for a `put` key and value, and what orders a queue; else the value."""
        target, value = update.target, update.value
        assert target is not None
        if update.kind == "put":
            assert update.key is not None
            key, entry = self.values((update.key, value), self.stored)
            return [*self._entry(self.variables[target], key, entry)] if isinstance(target.sort, t.Queue) else [key, entry]
        if update.kind != "assign" or not isinstance(target.sort, (t.Map, t.Set, t.List)):
            return [self.stored(value)]
        copied = "list" if isinstance(target.sort, t.List) else "dict"
        if _new(value):
            return [self.value(value)]
        return [f"{copied}({self.value(value) if self.sealed(value) else self.stored(value)})"]

    def _entry(self, variable: ir.Variable, key: str, entry: str) -> tuple[str, str, str]:
        """An entry of a queue: its identity, the rest, and what it is ordered by."""
        assert variable.key is not None
        key, entry = self.held(key), self.held(entry)
        identity, *rest = variable.entry
        fields = [entry] if len(rest) == 1 else [f"{entry}[{i}]" for i in range(len(rest))]
        with self.bound({identity: key, **dict(zip(rest, fields, strict=True))}):
            return key, entry, self.value(variable.key)

    def _change(self, kind: str, target: ir.Symbol, operands: list[str]) -> str:
        """The statement that changes a variable."""
        name, value = self.scope[target], operands[-1]
        match kind, target.sort:
            case "put", t.Queue():
                return f"{name}.put({', '.join(operands)})"
            case "put", _:
                return f"{name}[{operands[0]}] = {value}"
            case "assign", _:
                return f"{name} = {value}"
            case "insert", t.Set():
                return f"{name}[{value}] = True"
            case "insert", t.List():
                return f"{name}.append({value})"
            case "remove", t.Queue():
                return f"{name}.remove({value})"
            case "remove", t.Map() | t.Set():
                return f"{name}.pop({value}, None)"
        return f"drop({name}, {value}, last={isinstance(target.sort, t.Stack)})"


def _new(e: ir.Expr) -> bool:
    """Whether the value is a collection that nothing else holds."""
    match e:
        case ir.Each() | ir.Display():
            return True
        case ir.Prim(op="if", args=(_, then, otherwise)):
            return _new(then) and _new(otherwise)
    return False


def _flattened(updates: Iterable[ir.Update]) -> Iterable[ir.Update]:
    """Updates, those in blocks included."""
    for update in updates:
        yield update
        yield from _flattened(update.block)
