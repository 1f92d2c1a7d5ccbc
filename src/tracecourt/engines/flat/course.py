"""The course of a search: its events, the rules that they may break, what they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tracecourt.engines.flat.draft import ALWAYS, LEAVE, as_name, negated
from tracecourt.engines.flat.layout import Val
from tracecourt.engines.flat.runtime import FULL, SCRATCH, SCRATCHPAD
from tracecourt.engines.flat.stores import Local
from tracecourt.engines.flat.updates import Updates
from tracecourt.spec import ir

LONG_RULES = 400  # parts of the rules of an event, those of what they call included


class Course(Updates):
    """Writes the loop over the events."""

    def course(self) -> None:
        """Try the events: the first rule that is broken, and where; the first of the declared level."""
        self.add("at = first")
        self.add("event = 0")
        self.add("rule = -1")
        self.add("where = -1")
        self.add("ended = 0")
        self.add("declared = -1")
        self.add("declared_event = -1")
        self.add("departing = 0")  # whether the last event may depart from the declared run, and if the trace could end before
        self.add("could_end = 1")
        self._loop_over_events()
        with self.block("if rule >= 0 and where == event - 1 and ended == 0:"):
            self.add(LEAVE)  # its last number may have been cut
        with self.block(f"if m[{FULL}] != 0:"):
            self.add(LEAVE)

    def _loop_over_events(self) -> None:
        """Ask the rules of each event until one is broken; from then on the trace is believed, so that its answer is judged."""
        for place in self.kept:
            for name in place.names if isinstance(place, Local) else ():
                self.forget(name)  # what was known of the initial state
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            head = "if"
            for name, event in self.system.events.items():
                if name not in self.printed:
                    continue
                with self.block(f"{head} {item} == {self.item(name)}:"):
                    self._event(event)
                head = "elif"
            if self.end in self.items:
                with self.block(f"{head} {item} == {self.item(self.end)}:"):
                    self.add("ended = 1")
                    self.add("event -= 1")
                    self.add("at += 1")
                head = "elif"
            with self.block("else:"):
                self.add(LEAVE)
            self.add("event += 1")
            self.add(f"m[{SCRATCH}] = {SCRATCHPAD}")

    def _event(self, event: ir.Event) -> None:
        cells, behind = self.decoded(self.printed[event.name])
        values, at = {}, 0
        for parameter in event.parameters:
            count = self.cells(parameter.sort)
            values[parameter] = Val(tuple(cells[at : at + count]))
            at += count
        if any(rule.level not in ir.SOUND_LEVELS for rule in event.rules):
            with self.block(f"if {behind} >= used:"):
                self.add("departing = 1")
                for rule in self.system.ending:
                    self.add(f"could_end &= 1 if {self.cond(rule.condition)} else 0")
        with self.bound(values):
            if not self._asked_apart(event, values):
                with self.block("while rule < 0:"):  # once, if at all; a broken rule leaves it
                    self._asked(event, values, ("declared_event = event",), ("where = event", "break"))
                    self.add("break")
            for parameter, val in values.items():
                inside = self.within(val.cells, parameter.sort)
                if inside != ALWAYS:
                    with self.block("if rule >= 0:"), self.block(f"if {negated(inside)}:"):
                        self.add(LEAVE)
                    self.know_inside(val, parameter.sort)
            for update in event.updates:
                self.update(update)
            answer = self.system.answer
            if answer and event is answer.event:
                row = self.scope[answer.collected]
                element = tuple(c for val in values.values() for c in val.cells) or ("1",)
                self.append(row, Val(element))
        self.add(f"at = {behind}")

    def _asked(self, event: ir.Event, values: Mapping[ir.Symbol, Val], departed: Sequence[str], broken: Sequence[str]) -> None:
        """Ask the rules of an event one after the other; the lines say what to do where one is broken, of the declared level
        or a sound one."""
        for rule in event.rules:
            self._rule(rule, departed, broken)
            for part in _conjuncts(rule.condition):
                match part:
                    case ir.Within(value=ir.Ref(symbol=symbol), of=of) if symbol in values:
                        self.know_inside(values[symbol], of)

    def _asked_apart(self, event: ir.Event, values: Mapping[ir.Symbol, Val]) -> bool:
        """Ask them in a function of their own, where they are long and it can be one: it is compiled in less time."""
        if sum(self.expanded(rule.condition) for rule in event.rules) < LONG_RULES:
            return False
        name, own = self.fresh("rules"), [cell for val in values.values() for cell in val.cells]
        with self.unframed():
            _, lines = self.detached(lambda: self._asked(event, values, (), ("return rule, declared",)))
        whole = ["    rule = -1", *lines, "    return rule, declared"]
        given = self.function(name, ("m", "declared"), own, whole, results=2)
        if given is None:
            return False
        with self.block("if rule < 0:"):
            before = self.named("declared")
            self.add(f"rule, declared = {name}({', '.join(('m', 'declared', *given, *own))})")
            with self.block("if rule >= 0:"):
                self.add("where = event")
            with self.block(f"if declared != {before}:"):
                self.add("declared_event = event")
        return True

    def _rule(self, rule: ir.Rule, departed: Sequence[str], broken: Sequence[str]) -> None:
        number = self.rules.index(rule)
        if rule.level in ir.SOUND_LEVELS:
            with self.block(f"if {negated(self.cond(rule.condition))}:  # {as_name(rule.name)}"):
                self.add(f"rule = {number}")
                for line in broken:
                    self.add(line)
            return
        if not self.declared:
            return
        with self.block("if declared < 0:"), self.block(f"if {negated(self.cond(rule.condition))}:  # {as_name(rule.name)}"):
            self.add(f"declared = {number}")
            for line in departed:
                self.add(line)


def _conjuncts(e: ir.Expr) -> Iterable[ir.Expr]:
    if isinstance(e, ir.Prim) and e.op == "and":
        for part in e.args:
            yield from _conjuncts(part)
    else:
        yield e
