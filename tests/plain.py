"""The native engine's text run by Python: right, slow, and without numba."""

from __future__ import annotations

import mmap
import re
from array import array
from functools import cached_property
from types import ModuleType
from typing import Any

from tracecourt.engines.flat.outcomes import OUT
from tracecourt.engines.native import HEAD, INTRINSICS, Native
from tracecourt.grammar.bytecode import PLAIN

FROM_HEAD = len(HEAD.format(intrinsics=", ".join(INTRINSICS)))


class Bytes:
    """An array of bytes whose elements are numbers of Python's own."""

    def __init__(self, array: Any) -> None:
        self.bytes = array.tobytes()

    def __getitem__(self, key: Any) -> Any:
        return self.bytes[key]


class Plain(Native):
    """A format whose machine code is not made."""

    @cached_property
    def module(self) -> ModuleType:
        module = ModuleType("plain")
        scope: dict[str, Any] = {**PLAIN, "table": tuple, "pointer": lambda array: array}
        exec(compile(re.sub(r"\n@njit.*", "", self.text[FROM_HEAD:]), "<native>", "exec"), scope)
        module.__dict__.update(scope)
        lines, rows = scope["lines"], scope["rows"]
        module.lines = lambda b, *rest: lines(Bytes(b), *rest)  # type: ignore[attr-defined]
        module.rows = lambda b, places, *rest: rows(Bytes(b), Places(places), *rest)  # type: ignore[attr-defined]
        return module

    @cached_property
    def _memory(self) -> Any:
        return memoryview(mmap.mmap(-1, 8 * self.machine.memory)).cast("q")  # nothing of it is there before it is used

    @cached_property
    def _out(self) -> Any:
        return array("q", bytes(8 * (len(OUT) + len(self.machine.params))))

    def _tape(self, size: int) -> Any:
        return memoryview(array("q", bytes(16 * (size + 64))))


class Places:
    """Places as numbers of Python's own."""

    def __init__(self, places: Any) -> None:
        self.places = places.tolist()

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, key: tuple[int, int]) -> int:
        return self.places[key[0]][key[1]]  # type: ignore[no-any-return]
