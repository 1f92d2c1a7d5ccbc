"""`make demo`: try 1,600 traces that a real model printed, and explain one whose plan is optimal and whose search is not."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console
from rich.progress import track

import tracecourt as tc
from tracecourt.report import text
from tracecourt.report.summary import Summary
from tracecourt.rows import read_rows

CORPUS = Path(__file__).parent / "tiny-transformer" / "mazes-5x5-late.jsonl.gz"
FORMAT = "searchformer-maze"


def main() -> None:
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    court = tc.load_format(FORMAT)
    rows = list(read_rows(str(CORPUS)))
    console.print(f"[bold]{len(rows)} traces that a transformer printed[/bold], tried as {FORMAT}\n")
    summary, suspects = Summary(), []
    progress = track(rows, description="on trial", console=Console(stderr=True), transient=True)
    for row in progress:
        report = court.check(row.prompt, row.trace, row.params, row.id)
        summary.add(report)
        if report.verdict is tc.Verdict.UNSOUND and report.plan is tc.PlanStatus.OPTIMAL:
            suspects.append((report.events, row))
    console.print(summary.renderable())
    optimal = sum(count for (_, plan), count in summary.table.items() if plan is tc.PlanStatus.OPTIMAL)
    console.print(f"\n{len(suspects)} of {optimal} optimal plans follow a search that never happened. One, explained:\n")
    _, row = min(suspects, key=lambda found: found[0])
    explanation = court.explain(row.prompt, row.trace, row.params, row.id)
    print(text.explanation(explanation, f"{CORPUS.name}"))
    print("\nYour own traces: tracecourt check FILE.jsonl --format NAME   (tracecourt formats lists them)")


if __name__ == "__main__":
    main()
