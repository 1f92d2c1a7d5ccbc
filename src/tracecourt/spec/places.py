"""Which items may stand in which declaration, and by which word each is known."""

from __future__ import annotations

from tracecourt.spec import syntax as s

ALLOWED = {
    "domain": (s.Param, s.Sort, s.Need, s.Fact, s.Define, s.Requirement, s.Given, s.Small, s.Sample),
    "procedure": (
        *(s.Param, s.Sort, s.Need, s.Define, s.State, s.Initially, s.Event, s.Answer, s.Ending),
        *(s.Claim, s.Lemma, s.TraceBlock),
    ),
    "format": (s.Use, s.Fix, s.Define, s.Shows, s.Hides),
}
WORDS = {
    s.Param: "param",
    s.Sort: "sort",
    s.Need: "needs",
    s.Fact: "fact",
    s.Define: "def",
    s.Requirement: "require",
    s.Given: "given",
    s.Small: "small",
    s.Sample: "sample",
    s.State: "state",
    s.Initially: "initially",
    s.Event: "event",
    s.Answer: "answer",
    s.Ending: "end",
    s.Claim: "claim",
    s.Lemma: "lemma",
    s.TraceBlock: "trace",
    s.Fix: "set",
    s.Shows: "shows",
    s.Hides: "hides",
}
NAMED = (s.Param, s.Sort, s.Need, s.Fact, s.Define, s.Event, s.Answer)  # State holds its variables' names
