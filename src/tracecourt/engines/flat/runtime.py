"""What lowered code calls: values that are made of others, and heaps, in one array of integers.

These functions use nothing but integers and one flat memory, so that they run in CPython over a list and in machine code over
an array. All that a trace leaves in the memory is out of date when the next one begins: the generation and the number of the
trace only grow.

A value that is made of others (a list, a tuple that is an element or a key) is a *handle*: equal values have equal handles.
A tuple is a chain of pairs; a list is the list without its last element, and that element, so that appending takes one step.
"""

from __future__ import annotations

from typing import Any

GENERATION, HANDLES, FULL, SCRATCH, TRACE = 0, 1, 2, 3, 4  # counters in the memory
COUNTERS = 64

MOST_HANDLES = 1 << 17  # values made of others in one trace
HANDLE = COUNTERS  # records of four: first, second, size, generation (of the slot with the same number)
SLOTS = HANDLE + 4 * MOST_HANDLES  # two for each: generation, handle
MOST_SLOTS = 2 * MOST_HANDLES
SCRATCHPAD = SLOTS + 2 * MOST_SLOTS
MOST_SCRATCH = 1 << 20
END = SCRATCHPAD + MOST_SCRATCH

PAIR, LIST = 0, 1
EMPTY = 0  # the handle of the empty list


def fresh_trace(m: Any) -> None:
    """Forget what the last trace left."""
    m[TRACE] += 1
    m[HANDLES] = 1
    m[FULL] = 0
    m[SCRATCH] = SCRATCHPAD


def made(m: Any, first: int, second: int, kind: int) -> int:
    """The handle of a pair, or of a list with one more element."""
    mask = MOST_SLOTS - 1
    spread = (first & 0x3FFFFFFF) * 0x9E3779B1 + (second & 0x3FFFFFFF) * 0x85EBCA6B + kind
    at = (spread ^ (spread >> 17) ^ (spread >> 31)) & mask
    now = m[TRACE]
    while m[SLOTS + 2 * at] == now:
        known = m[SLOTS + 2 * at + 1]
        record = HANDLE + 4 * known
        if m[record] == first and m[record + 1] == second and m[record + 3] == kind:
            return int(known)
        at = (at + 1) & mask
    new = m[HANDLES]
    if new >= MOST_HANDLES:
        m[FULL] = 1
        return EMPTY
    m[HANDLES] = new + 1
    m[SLOTS + 2 * at] = now
    m[SLOTS + 2 * at + 1] = new
    record = HANDLE + 4 * new
    m[record] = first
    m[record + 1] = second
    m[record + 2] = m[HANDLE + 4 * first + 2] + 1 if kind == LIST else 0
    m[record + 3] = kind
    return int(new)


def size(m: Any, listed: int) -> int:
    """The number of elements of a list."""
    return int(m[HANDLE + 4 * listed + 2])


def room(m: Any, cells: int) -> int:
    """Where so many cells of the scratchpad begin; they are given back when the event is over."""
    at = m[SCRATCH]
    if at + cells > SCRATCHPAD + MOST_SCRATCH:
        m[FULL] = 1
        return SCRATCHPAD
    m[SCRATCH] = at + cells
    return int(at)


def spread(m: Any, listed: int) -> int:
    """Write the elements of a list one behind the other; where they begin."""
    count = m[HANDLE + 4 * listed + 2]
    at = room(m, count)
    while count > 0:
        count -= 1
        m[at + count] = m[HANDLE + 4 * listed + 1]
        listed = m[HANDLE + 4 * listed]
    return at


def push(m: Any, heap: int, count: int, key: int, item: int) -> int:
    """Put an item on a heap of pairs at `heap`; the new count."""
    at = count
    while at > 0:
        above = (at - 1) >> 1
        if m[heap + 2 * above] <= key:
            break
        m[heap + 2 * at] = m[heap + 2 * above]
        m[heap + 2 * at + 1] = m[heap + 2 * above + 1]
        at = above
    m[heap + 2 * at] = key
    m[heap + 2 * at + 1] = item
    return count + 1


def pop(m: Any, heap: int, count: int) -> int:
    """Take the least pair, at `heap`, away; the new count."""
    count -= 1
    key, item = m[heap + 2 * count], m[heap + 2 * count + 1]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= count:
            break
        if below + 1 < count and m[heap + 2 * below + 2] < m[heap + 2 * below]:
            below += 1
        if m[heap + 2 * below] >= key:
            break
        m[heap + 2 * at] = m[heap + 2 * below]
        m[heap + 2 * at + 1] = m[heap + 2 * below + 1]
        at = below
    m[heap + 2 * at] = key
    m[heap + 2 * at + 1] = item
    return count


def divisor(a: int, b: int) -> int:
    """The greatest common divisor of two numbers that are not both 0."""
    a, b = abs(a), abs(b)
    while b:
        a, b = b, a % b
    return a


def power(m: Any, base: int, exponent: int) -> int:
    """A power of a whole number; the memory counts as full where it is too large."""
    found = 1
    for _ in range(exponent):
        found *= base
        if found > 1 << 31 or found < -(1 << 31):
            m[FULL] = 1
            return 0
    return found
