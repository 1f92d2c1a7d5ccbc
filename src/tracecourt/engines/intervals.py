"""Intervals of numbers: the values of a parameter under which something holds."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Any

from tracecourt.engines.values import whole


@dataclass(frozen=True)
class Interval:
    """All numbers between two ends.

    Attributes:
        low, high: the ends; no `high` where every greater number is inside.
        open_low, open_high: whether an end is not inside.
        gaps: whether there are others, apart from these.
    """

    low: Any
    high: Any
    open_low: bool = False
    open_high: bool = False
    gaps: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The interval as plain values; fractions are texts."""
        ends = [str(end) if isinstance(end, Fraction) else end for end in (self.low, self.high)]
        return {
            "low": ends[0],
            "high": ends[1],
            "open_low": self.open_low,
            "open_high": self.open_high,
            "gaps": self.gaps,
        }

    def __contains__(self, value: Any) -> bool:
        above = value > self.low or (value == self.low and not self.open_low)
        return above and (self.high is None or value < self.high or (value == self.high and not self.open_high))

    def simplest(self, preferred: Any = None) -> Any:
        """The preferred number if it is inside, else the least whole one, else the one with the least denominator."""
        if preferred is not None and preferred in self:
            return preferred
        number = floor(self.low) + 1 if self.open_low else ceil(self.low)
        return number if number in self else whole(self._between())

    def _between(self) -> Fraction:
        """Down the tree of Stern and Brocot, many steps in one direction at once, to the first fraction inside."""
        path: list[int] = []
        low, high = Fraction(self.low), Fraction(self.high)
        open_low, open_high = self.open_low, self.open_high
        while True:  # no whole number lies inside but perhaps at the end: take their common whole part away, and turn them over
            part = floor(low)
            least = part if low == part and not open_low else part + 1
            if least < high or (least == high and not open_high):
                break
            path.append(part)
            low, high = low - part, high - part
            if low == 0:  # only the upper end bounds the fraction that is turned over
                least = floor(1 / high) + 1 if open_high else ceil(1 / high)
                break
            low, high, open_low, open_high = 1 / high, 1 / low, open_high, open_low
        result = Fraction(least)
        for before in reversed(path):
            result = before + 1 / result
        return result
