"""What a lowered system's numbers stand for: outcomes, what becomes of the answer, and the fields beside them."""

from __future__ import annotations

SOUND, UNSOUND, TRUNCATED, ELSEWHERE = 0, 1, 2, 9  # ELSEWHERE: another engine decides
NO_PLAN, INVALID, SUBOPTIMAL, OPTIMAL, VALID = 0, 1, 2, 3, 4
OUT = ("rule", "event", "plan", "follows", "declared", "declared_event", "events")  # then the parameters' values
