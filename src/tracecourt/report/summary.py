"""The breakdown of many reports: verdict by plan status, and the first broken rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tracecourt.batches import Tally
from tracecourt.verdict import PlanStatus, Report, Verdict

if TYPE_CHECKING:
    from rich.console import Group


@dataclass
class Summary:
    """Counts of the reports that were added."""

    table: Counter[tuple[Verdict, PlanStatus]] = field(default_factory=Counter)
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    unfollowed: int = 0

    def add(self, report: Report) -> None:
        """Count one report."""
        self.count(Tally(report.verdict, report.plan, report.rule, report.level, report.plan_follows_trace, 1))

    def count(self, tally: Tally) -> None:
        """Count documents that have the same outcome."""
        self.table[tally.verdict, tally.plan] += tally.count
        if tally.rule is not None and tally.verdict is Verdict.UNSOUND:
            self.rules[tally.rule, tally.level or ""] += tally.count
        self.unfollowed += tally.count * (tally.follows is False)

    @property
    def total(self) -> int:
        """How many reports were added."""
        return self.table.total()

    def verdict(self, verdict: Verdict) -> int:
        """How many reports have a verdict."""
        return sum(n for (v, _), n in self.table.items() if v is verdict)

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain values."""
        return {
            "total": self.total,
            "verdicts": {str(v): self.verdict(v) for v in Verdict},
            "plans": {str(p): sum(n for (_, q), n in self.table.items() if q is p) for p in PlanStatus},
            "table": {str(v): {str(p): self.table[v, p] for p in PlanStatus} for v in Verdict},
            "rules": {rule: n for (rule, _), n in self.rules.most_common()},
        }

    def renderable(self) -> Group:
        """Tables for a rich console."""
        from rich.console import Group
        from rich.table import Table

        plans = [p for p in PlanStatus if any(q is p for _, q in self.table)]
        grid = Table(title=f"{self.total} traces: verdict by plan")
        grid.add_column("verdict")
        for status in plans:
            grid.add_column(f"plan {status}" if status is not PlanStatus.NONE else "no plan", justify="right")
        grid.add_column("all", justify="right")
        grid.add_column("share", justify="right")
        for verdict in Verdict:
            count = self.verdict(verdict)
            if count:
                cells = [str(self.table[verdict, status] or "·") for status in plans]
                grid.add_row(str(verdict), *cells, str(count), f"{count / self.total:.1%}")
        parts: list[Any] = [grid]
        if self.rules:
            rules = Table(title="first broken rule of each unsound trace")
            for column in ("rule", "level"):
                rules.add_column(column)
            rules.add_column("traces", justify="right")
            for (rule, level), count in self.rules.most_common():
                rules.add_row(rule, level, str(count))
            parts.append(rules)
        return Group(*parts)
