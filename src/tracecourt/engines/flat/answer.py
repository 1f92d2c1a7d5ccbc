"""The answer and the outcome: what the trial comes to."""

from __future__ import annotations

from collections.abc import Mapping

from tracecourt.engines.flat.draft import LEAVE, conj, negated
from tracecourt.engines.flat.layout import Val
from tracecourt.engines.flat.outcomes import INVALID, NO_PLAN, OPTIMAL, OUT, SOUND, SUBOPTIMAL, TRUNCATED, UNSOUND, VALID
from tracecourt.engines.flat.runtime import FULL
from tracecourt.engines.flat.tape import Tape
from tracecourt.spec import ir
from tracecourt.spec import sorts as t


class Answers(Tape):
    """Writes the end of a trial."""

    def answer(self) -> None:
        """Judge the answer."""
        self.add(f"plan = {NO_PLAN}")
        self.add("follows = -1")
        answer = self.system.answer
        if answer is None:
            return
        row = self.scope[answer.collected]
        printed = f"{row.first} < {row.last}"
        with self.block(f"if {printed if answer.apart else f'{printed} or ended != 0'}:"):
            if not answer.apart:
                with self.block("if rule >= 0:"):
                    self.add(f"plan = {INVALID}")
                with self.block("else:"):
                    self._judged(answer)
            else:
                self._judged(answer)

    def _judged(self, answer: ir.Answer) -> None:
        clauses, span = answer.clauses, answer.event.span
        collected = ir.Ref(answer.collected.sort, span, answer.collected)
        if "follows" in clauses:
            holds, ok = self.same_lists(clauses["follows"], collected)
            self.add(f"follows = 1 if {conj(ok, holds)} else 0")
        valid = self.cond(clauses["valid"]) if "valid" in clauses else "False"
        with self.block(f"if {valid}:"):
            if "cost" not in clauses or "optimum" not in clauses:
                self.add(f"plan = {VALID}")
            else:
                cost, optimum = self.term(clauses["cost"]), self._optimum(clauses)
                a, b = self.fitted(cost, clauses["cost"].sort, t.RATIONAL), optimum
                with self.block(f"if {conj(a.ok, b.ok)}:"):
                    same = self.same(a.sure, b.sure)
                    self.add(f"plan = {OPTIMAL} if {same} else {SUBOPTIMAL}")
                with self.block("else:"):
                    self.add(f"plan = {VALID}")
        with self.block("else:"):
            self.add(f"plan = {INVALID}")

    def _optimum(self, clauses: Mapping[str, ir.Expr]) -> Val:
        """The least cost; a run that breaks no rule may have found it on the way."""
        if "certified" not in clauses:
            return self.fitted(self.term(clauses["optimum"]), clauses["optimum"].sort, t.RATIONAL)
        certified = self.fitted(self.term(clauses["certified"]), clauses["certified"].sort, t.Optional(t.RATIONAL))
        return self.chosen(
            self.named(conj("rule < 0", certified.ok, f"{certified.cells[0]} != 0"), "ok"),
            lambda: Val(certified.cells[1:], None, certified.den),
            lambda: self.fitted(self.term(clauses["optimum"]), clauses["optimum"].sort, t.RATIONAL),
        )

    def outcome(self) -> None:
        """Judge the end, and return the outcome."""
        self.add("unfinished = -1")
        for rule in self.system.ending:
            with self.block("if unfinished < 0:"), self.block(f"if {negated(self.cond(rule.condition))}:"):
                self.add(f"unfinished = {self.rules.index(rule)}")
        # a last event that departs, and whose last word may have been cut, is perhaps another one
        departs = "declared_event == event - 1" if self.declared else "departing != 0"
        with self.block(f"if (rule < 0) & (ended == 0) & ({departs}) & ((unfinished < 0) | (could_end != 0)):"):
            self.add(LEAVE)
        with self.block("if unfinished >= 0 and ended != 0 and rule < 0:"):
            self.add("rule = unfinished")
            self.add("where = event")
        with self.block(f"if m[{FULL}] != 0:"):
            self.add(LEAVE)
        for index, name in enumerate(("rule", "where", "plan", "follows", "declared", "declared_event", "event")):
            self.add(f"out[{index}] = {name}")
        for index, param in enumerate(self.system.params):
            if param.inferred is not None:
                self.add(f"out[{len(OUT) + index}] = {self.scope[param.symbol].cell}")
        with self.block("if rule >= 0:"):
            self.add(f"return {UNSOUND}")
        with self.block("if unfinished >= 0:"):
            self.add(f"return {TRUNCATED}")
        self.add(f"return {SOUND}")
