"""The fast engine: the loop over a trace's events as Python source, written once for each system.

It runs on the registers of the reference engine and leaves in them what that would have left: `interpreter.py` and
`evaluate.py` say what everything means, this says the same of a whole trace at once, and only whether and where it breaks a
rule. What is to be told of the broken rule, the reference engine tells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tracecourt.engines.interpreter import Interpreter, drop
from tracecourt.engines.primitives import Registers
from tracecourt.engines.source import Lines, plain
from tracecourt.engines.writing import NO_VALUE, Writer
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.text import Span

NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
Events = Iterable[tuple[str, Sequence[Any]]]


@dataclass(frozen=True)
class Broken:
    """The index of an event, and the first rule of those asked about that it breaks."""

    event: int
    rule: ir.Rule


@dataclass(frozen=True)
class Outcome:
    """What a run of events came to.

    `broken` is the first event that breaks a rule of a sound level, where the run ended. `declared` is the first that breaks a
    rule of the declared level, up to there.
    """

    broken: Broken | None
    declared: Broken | None


NOTHING = Outcome(None, None)


class Compiled:
    """A system as one function over its registers.

    `source` is the text of the function's module. It is made of nothing but the typed form: names are mangled (a letter, a
    number, and the name's ASCII letters and digits), numbers and texts are written by `repr`, all other constants are objects
    that the text refers to by name. No word of a specification, prompt or trace becomes code, so to execute it is as safe as
    to interpret the typed form.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        """Write and compile the function.

        Raises:
            ValueError: for a system whose text hides a part of the run.
            SyntaxError, RecursionError: for one whose rules are nested more deeply than Python allows.
        """
        if interpreter.system.partial:
            raise ValueError(f"{interpreter.system.name} hides a part of the run: its events cannot be run one after the other")
        self._interpreter = interpreter
        self.source, self._run = self._made(lambda writer: writer.run())
        self._judges: dict[str, Callable[[Registers], Any]] = {}
        answer = interpreter.system.answer
        self._clauses = {} if answer is None else {clause: f"answer {clause}" for clause in answer.clauses}

    def _made(self, write: Callable[[_LoopWriter], str]) -> tuple[str, Callable[..., Any]]:
        """The text of a function, and the function."""
        writer = _LoopWriter(self._interpreter)
        source = write(writer)
        module = dict(writer.objects)
        exec(compile(source, "<compiled system>", "exec"), module)
        return source, module["run"]

    def run(self, r: Registers, events: Events, *, declared: bool = True) -> Outcome:
        """Run events, by name and arguments, up to the first that breaks a rule of a sound level.

        The registers hold a problem and a state; they are left with the state before that event, or after the last one. An
        iterator of events is left behind that event: once the reference has tried it, the rest can be run. Rules of the
        declared level are passed over unless `declared`.

        Raises:
            TooLarge: when a budget ran out.
            RecursionError: when values are nested too deeply.
            KeyError: for an event that the system does not have.
        """
        outcome: Outcome = self._run(r, events, declared)
        return outcome

    def demands(self, r: Registers) -> bool:
        """Whether a problem is one."""
        return bool(self._judge("demands")(r))

    def may_end(self, r: Registers) -> bool:
        """Whether a trace may end in this state."""
        return bool(self._judge("ending")(r))

    def judged(self, clause: str, r: Registers) -> Any:
        """The value of a clause on the answer, or None where it has none or is not given."""
        if clause not in self._clauses:
            return None
        try:
            return self._judge(self._clauses[clause])(r)
        except NO_VALUE:
            return None

    def _judge(self, name: str) -> Callable[[Registers], Any]:
        if name not in self._judges:
            system = self._interpreter.system
            clauses = {} if system.answer is None else {f"answer {c}": e for c, e in system.answer.clauses.items()}
            e = (clauses | {"demands": _all(system.demands), "ending": _all(system.ending)})[name]
            try:
                self._judges[name] = self._made(lambda writer: writer.judge(e))[1]
            except (SyntaxError, RecursionError):  # Python does not nest so deeply
                self._judges[name] = self._interpreter.evaluator.code(e)
        return self._judges[name]


class _LoopWriter(Writer):
    """Writes the module of a system: loads what the registers hold, goes through the events, stores the state."""

    def __init__(self, interpreter: Interpreter) -> None:
        super().__init__(interpreter.evaluator)
        self.system = interpreter.system
        self.objects |= {"Broken": Broken, "Outcome": Outcome, "NOTHING": NOTHING, "drop": drop}
        changes = [u for event in self.system.events.values() for u in _flattened(event.updates)]
        self.rebound = {u.target for u in changes if u.kind == "assign" and u.target is not None}
        self.initial = {v.symbol: v.initial for v in self.system.state}
        self.variables = {v.symbol: v for v in self.system.state}
        self.collected = [self.system.answer.collected] if self.system.answer else []

    # ------------------------------------------------------------ the module
    def run(self) -> str:
        """The text of the function that runs events."""
        return self._function_of("run(r, events, asked)", self._loop)

    def judge(self, e: ir.Expr) -> str:
        """The text of a function that finds a value while no event happens."""
        self.rebound = set()
        return self._function_of("run(r)", lambda: self.out.add(f"return {self.value(e)}"))

    def _function_of(self, head: str, write: Callable[[], None]) -> str:
        held = [*self.system.facts, *(p.symbol for p in self.system.params), *self.variables, *self.collected]
        self.scope = {symbol: self.name(symbol) for symbol in held}
        self.queues = {(n := self.scope[s]): (f"{n}_entries", f"{n}_keys") for s in held if isinstance(s.sort, t.Queue)}
        self.settled = Lines(1)
        with self.elsewhere(Lines(1)) as body:
            write()
        made = Lines(1)
        for name, (function, slot) in self.memos.items():
            # What was remembered before, by either engine, stays known: the problem does not change.
            with made.block(f"if r[{slot}].__class__ is not Memo:"):
                for table, of in self.tables.get(function, ()):
                    made.add(f"{table} = {of}")
                made.add(f"r[{slot}] = Memo({function}, r[{slot}])")
            made.add(f"{name} = r[{slot}]")
        lines = [*self.settled.lines, *self.functions, *made.lines, *body.lines]
        names = {name for line in lines for name in NAMES.findall(line)}
        start = Lines(1)
        for symbol in held:
            name = self.scope[symbol]
            parts = dict(zip(("entries", "keys"), self.queues.get(name, ()), strict=False))
            if not names.isdisjoint((name, *parts.values())):
                start.add(f"{name} = r[{self.evaluator.slot(symbol)}]")
                for attribute, part in parts.items():
                    start.add(f"{part} = {name}.{attribute}")
        return "\n".join([f"def {head}:", *start.lines, *lines, ""])

    def _loop(self) -> None:
        self.out.add("i, broken, declared = -1, None, None")
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
        with self.out.block("if broken is None and declared is None:"):
            self.out.add("return NOTHING")
        self.out.add("return Outcome(broken and Broken(i, broken), declared)")

    def _event(self, event: ir.Event) -> None:
        names = {p: self.name(p) for p in event.parameters}
        self.out.add(f"({''.join(f'{name}, ' for name in names.values())}) = arguments".replace(", )", ",)"))
        with self.bound(names), self.sharing(set(names.values())):
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
        name = self.object(rule, "rule")
        if rule.level in ir.SOUND_LEVELS:
            self.unless(rule.condition, f"broken = {name}; break")
            return
        note = f"asked, declared = False, Broken(i, {name})"
        if self.heavy(rule.condition):  # a budget may run out whether it is asked about or not
            text = self.value(rule.condition)
            with self.out.block(f"if asked and not {text}:"):
                self.out.add(note)
        else:
            with self.out.block("if asked:"):
                self.unless(rule.condition, note)

    # ------------------------------------------------------------ updates
    def _update(self, update: ir.Update) -> None:
        """An update; one without a value changes nothing."""
        if update.kind == "when":
            with self.out.block(f"if {self.value(update.value)}:"), self.knowing(update.value, holds=True):
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
        self.present.discard(name)  # it may be none from here on
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


def _all(rules: Sequence[ir.Rule]) -> ir.Expr:
    """That all rules hold."""
    conditions = tuple(rule.condition for rule in rules)
    return ir.Prim(t.BOOL, Span(0, 0), "and", conditions) if conditions else ir.Const(t.BOOL, Span(0, 0), value=True)


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
