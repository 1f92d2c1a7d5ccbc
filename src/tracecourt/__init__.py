"""tracecourt puts search traces on trial: is the printed search a run of the procedure it imitates?

import tracecourt as tc
report = tc.load_format("searchformer-maze").check(prompt, trace)
report.verdict, report.rule, report.event, report.plan, report.plan_follows_trace
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracecourt.api import Court as Court
    from tracecourt.api import load_format as load_format
    from tracecourt.errors import InputError as InputError
    from tracecourt.errors import SpecError as SpecError
    from tracecourt.errors import TracecourtError as TracecourtError
    from tracecourt.explain import Explanation as Explanation
    from tracecourt.identify import Identification as Identification
    from tracecourt.repair import Repair as Repair
    from tracecourt.shrink import Shrunk as Shrunk
    from tracecourt.verdict import PlanStatus as PlanStatus
    from tracecourt.verdict import Report as Report
    from tracecourt.verdict import Verdict as Verdict
    from tracecourt.verdict import Violation as Violation

_CONTENTS = {
    "Court": "api",
    "load_format": "api",
    "InputError": "errors",
    "SpecError": "errors",
    "TracecourtError": "errors",
    "Explanation": "explain",
    "Identification": "identify",
    "Repair": "repair",
    "Shrunk": "shrink",
    "PlanStatus": "verdict",
    "Report": "verdict",
    "Verdict": "verdict",
    "Violation": "verdict",
}
__all__ = sorted(_CONTENTS)


def __getattr__(name: str) -> Any:
    """Load a name when it is first used, so that the command line starts fast."""
    if name not in _CONTENTS:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(f"{__name__}.{_CONTENTS[name]}"), name)
