"""What the code of byte scanners calls: a few functions of integers, as Python text and as Python itself.

`number` reads one of up to three digits without a branch: of how many digits a number is, no predictor can guess.

`place(array)` is an array as the other functions take it. `load1(b, i)` and `load8(b, i)` are the byte and the eight
bytes at an offset, the first one lowest. `digits(w)` says how many of eight bytes are digits before the first that is not, and
`spelled(w, n)` is the number that the first n > 0 of them spell. `holds(b, i, low, high)` says whether the byte at an offset is
in a set of ASCII bytes, given as two masks. `store(tape, p, k, v)` writes the cell p + k. Machine code has its own for these;
what HELPERS defines is compiled from its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tracecourt.grammar.bytepattern import Bytes

Scan: TypeAlias = Callable[[Any, int, int, Any], int]

ANY_ZEROS, LONE_ZERO, FIRST_ZERO, NO_ZERO = range(4)  # whether a number may begin with 0, and if it does, where it ends

HELPERS = """
def slow(b, i, at, end, blanks, al, ah, bl, bh):
  if not holds(b, i, al, ah):
    return -1
  k = i
  while i < end and holds(b, i, blanks, 0):
    i += 1
  if i == k and i != end and i > at and not holds(b, i - 1, bl, bh):
    return -1
  return i

def gap(b, i, at, end, blank, highest, blanks, al, ah, bl, bh):
  if load1(b, i) == blank and load1(b, i + 1) > highest:
    return i + 1
  return slow(b, i, at, end, blanks, al, ah, bl, bh)

def numeral(b, i, zeros):
  w = load8(b, i)
  n = digits(w)
  if n == 8 and (load1(b, i + 8) ^ 48) < 10:
    n = 9
    if (load1(b, i + 9) ^ 48) < 10:
      n = 0
  if zeros == 1 and ((w & 255) == 48) & (n != 1):
    n = 0
  if zeros == 2 and (w & 255) == 48:
    n = 1
  if zeros == 3 and (w & 255) == 48:
    n = 0
  return n

def slow_number(b, i, zeros, at, end, blanks, al, ah, bl, bh):
  n = numeral(b, i, zeros)
  if n == 0:
    return 0, -1
  return decimal(b, i, n), slow(b, i + n, at, end, blanks, al, ah, bl, bh)

def number(b, i, zeros, at, end, blank, highest, blanks, al, ah, bl, bh):
  c = load1(b, i) ^ 48
  d = load1(b, i + 1) ^ 48
  e = load1(b, i + 2) ^ 48
  two = (d - 10) >> 8
  three = two & ((e - 10) >> 8)
  v = c + (two & (9 * c + d))
  v += three & (9 * v + e)
  k = i + 1 - two - three
  plain = (zeros == 0) | (c != 0) | ((zeros != 3) & (two == 0))
  if (c < 10) & (load1(b, k) == blank) & (load1(b, k + 1) > highest) & plain:
    return v, k + 1
  return slow_number(b, i, zeros, at, end, blanks, al, ah, bl, bh)

def decimal(b, i, n):
  if n < 9:
    return spelled(load8(b, i), n)
  return spelled(load8(b, i), 8) * 10 + (load1(b, i + 8) ^ 48)
"""


def masks(of: Bytes) -> str:
    """A set as `holds` takes it: two numbers of 64 bits, with signs."""
    return f"{_mask(of)}, {_mask(frozenset(byte - 64 for byte in of))}"


def _mask(of: frozenset[int]) -> int:
    mask = sum(1 << byte for byte in of if 0 <= byte < 64)
    return mask - (1 << 64) if mask >> 63 else mask


def _digits(w: int) -> int:
    count = 0
    while count < 8 and 48 <= (w >> 8 * count) & 255 <= 57:
        count += 1
    return count


def _holds(b: Any, i: int, low: int, high: int) -> int:
    byte = int(b[i])
    return (low >> byte) & 1 if byte < 64 else (high >> (byte - 64)) & 1 if byte < 128 else 0


def _store(tape: Any, p: int, k: int, v: int) -> None:
    tape[p + k] = v


PLAIN: Mapping[str, Callable[..., Any]] = {
    "place": lambda array: array,
    "load1": lambda b, i: int(b[i]),
    "load8": lambda b, i: int.from_bytes(bytes(b[i : i + 8]), "little"),
    "digits": _digits,
    "spelled": lambda w, n: int(w.to_bytes(8, "little")[:n]),
    "holds": _holds,
    "store": _store,
}


def compiled(source: str) -> Scan:
    """The function of a scanner's source, as Python runs it: right, and slow."""
    scope: dict[str, Any] = dict(PLAIN)
    exec(HELPERS, scope)
    exec(source, scope)
    found: Scan = scope["scan"]
    return found
