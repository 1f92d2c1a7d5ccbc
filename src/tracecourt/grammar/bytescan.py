"""The source text of a scanner over bytes: one function of integers and arrays, that can be compiled to machine code.

A byte scanner reads as Lark does or not at all. It is written state by state from the automaton of a grammar, each word as
the bytes that it may have; no table is looked up while it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tracecourt.grammar.automaton import Automaton
from tracecourt.grammar.bytecells import Cells, Close, Count, Emit, Layouts, Op, Open, Ops, Read
from tracecourt.grammar.bytecode import Scan, compiled, masks
from tracecourt.grammar.bytepattern import ASCII, END, Ahead, Behind, Ignored, NoByteScanner, first, ignored
from tracecourt.grammar.bytewords import Word, among, entry, matched, refusal
from tracecourt.grammar.trace_grammar import TraceGrammar

__all__ = ["NoByteScanner", "Scan", "compiled", "scanner_source"]

DEEPEST = 8  # loops inside loops
WIDEST = 40  # steps of indentation
SLACK = 24  # cells that a text may fill beyond two for each byte


def scanner_source(grammar: TraceGrammar, start: str, layouts: Layouts) -> str:
    """The source of `scan(b, at, end, tape)` for the rule `document`, `prompt` or `trace`.

    The text is `b[at:end]`; `b[end]` must be a line feed, and 64 bytes behind `end` must be readable, whatever they are. The
    function writes `[item, cells…]` for each item to `tape`, `item` being its index in `sorted(grammar.items)`, and returns
    how many cells it wrote, or -1 where Lark has to decide. The tape needs room for 2 * (end - at + 16) cells. Arguments are
    laid out as `layouts` says for a name and a number of arguments.

    Raises:
        NotRegular: when there is no such function, with a sentence that says why; NoByteScanner is one.
    """
    automaton = Automaton.of(grammar, start)
    cells = Cells(automaton, sorted(grammar.items), layouts)
    return _Writer(_reduced(grammar, automaton, cells)).source()


# ---------------------------------------------------------------- states that differ
@dataclass(frozen=True)
class _Edge:
    word: Word
    ops: Ops
    target: int


@dataclass
class _State:
    ignored: Ignored
    finish: Ops | None
    edges: list[_Edge] = field(default_factory=list)
    behind: Behind | None = None  # what all of its words ask for before them
    otherwise: int | None = None

    @property
    def targets(self) -> list[int]:
        """The states that may be next."""
        return [edge.target for edge in self.edges] + ([] if self.otherwise is None else [self.otherwise])


def _reduced(grammar: TraceGrammar, automaton: Automaton, cells: Cells) -> list[_State]:
    """The states of an automaton, those that say the same put together; the first one is where a text begins."""
    states: list[_State] = []
    for index, state in enumerate(automaton.states):
        made = _State(ignored(state.ignored), cells.finishes.get(index))
        for number, edge in enumerate(state.edges):
            ops = cells.edges[index, number]
            layout = next(op.layout for op in ops if isinstance(op, Read))
            word = Word.of(grammar.terminals[edge.terminal], edge.pattern, layout)
            if word is not None:
                made.edges.append(_Edge(word, ops, edge.target))
        states.append(made)
    joined = _joined(states)
    _room(joined)
    _shared(joined)
    return joined


def _room(states: Sequence[_State]) -> None:
    """Refuse a grammar of which a text may fill more cells than the tape has."""
    most = [1] + [-SLACK * len(states)] * (len(states) - 1)  # cells beyond two for each byte read
    for _ in states:
        grown = False
        for here, state in enumerate(states):
            for edge in state.edges:
                reached = most[here] + _filled(edge.ops) - 2 * edge.word.shortest
                if reached > most[edge.target]:
                    most[edge.target], grown = reached, True
        if not grown:
            break
    else:
        raise NoByteScanner("texts may fill more than two cells for each byte")
    if max(count + _filled(state.finish or ()) for count, state in zip(most, states, strict=True)) > SLACK:
        raise NoByteScanner("a text may fill many cells with few bytes")


def _filled(ops: Ops) -> int:
    return sum(isinstance(op, (Open, Emit)) or (isinstance(op, Read) and op.layout is not None) for op in ops)


def _joined(states: Sequence[_State]) -> list[_State]:
    """States with the same words, cells and targets are one."""
    kinds: list[Any] = [0] * len(states)
    while True:
        keys = [
            (kind, state.ignored, state.finish, frozenset((edge.word, edge.ops, kinds[edge.target]) for edge in state.edges))
            for kind, state in zip(kinds, states, strict=True)
        ]
        numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        found = [numbers[key] for key in keys]
        if len(numbers) == len(set(kinds)):
            break
        kinds = found
    firsts = [found.index(kind) for kind in range(len(numbers))]
    joined = [_State(states[at].ignored, states[at].finish) for at in firsts]
    for at, made in zip(firsts, joined, strict=True):
        made.edges += [_Edge(edge.word, edge.ops, found[edge.target]) for edge in states[at].edges]
        behinds = {edge.word.behind for edge in made.edges}
        made.behind = behinds.pop() if len(behinds) == 1 else None
    return joined


def _shared(states: Sequence[_State]) -> None:
    """A state that offers what another one offers and more only has what is more, and leaves the rest to the other."""
    offers = [set(state.edges) for state in states]
    for here, state in enumerate(states):
        others = [
            other
            for other, offered in enumerate(offers)
            if offered
            and offered < offers[here]
            and (state.ignored, state.finish) == (states[other].ignored, states[other].finish)
            and (state.behind == states[other].behind or states[other].behind is None)
        ]
        if others:
            state.otherwise = max(others, key=lambda other: len(offers[other]))
    for state in states:
        if state.otherwise is not None:
            state.edges = [edge for edge in state.edges if edge not in offers[state.otherwise]]


# ---------------------------------------------------------------- the function
class _Writer:
    """Writes states as code: a state that is entered at one place only stands there, the others are jumped to.

    Cells are written at a known distance from the beginning of their item, or at `p` where a list is among those before.
    """

    def __init__(self, states: Sequence[_State]) -> None:
        self.states = states
        self._above = _dominators(states)
        self._entries = [0] * len(states)  # from outside
        for here, state in enumerate(states):
            for target in state.targets:
                self._entries[target] += target not in self._above[here]
        self._entries[0] += 1
        self._distances = _distances(states)
        self._distance: int | None = 1
        self._lines: list[str] = []
        self._loops: list[int] = []
        self._depth = 0
        self._labels = [0]

    def source(self) -> str:
        """The whole function."""
        ops = [op for state in self.states for edge in state.edges for op in edge.ops]
        ops += [op for state in self.states for op in state.finish or ()]
        names = [name for d in sorted({op.depth for op in ops if isinstance(op, Open)}) for name in (f"l{d}", f"n{d}")]
        self._put("def scan(b, at, end, tape):")
        self._depth = 1
        self._put("b = place(b)", "tape = place(tape)", "i = at", f"{' = '.join(['base', 'p', *names])} = 0")
        self._gap(0, None)
        self._put("s = 0", "while True:")
        self._depth = 2
        for state in self._labels:  # grows
            self._put(f"if s == {state}:")
            self._depth += 1
            self._distance = self._distances[state]
            self._state(state)
            self._depth -= 1
        self._put("return -1")
        return "\n".join(self._lines) + "\n"

    def _put(self, *lines: str) -> None:
        self._lines += ["  " * self._depth + line for line in lines]

    # ------------------------------------------------------------ states
    def _state(self, here: int) -> None:
        """A state, behind what is ignored before its words; nothing falls through it."""
        if not any(here in state.targets for state, above in zip(self.states, self._above, strict=True) if here in above):
            self._body(here)
            return
        self._put("while True:")
        self._loops.append(here)
        self._depth += 1
        self._body(here)
        self._depth -= 1
        self._loops.pop()
        if self._loops:
            self._put(f"if s == {self._loops[-1]}:", "  continue", "break")
        else:
            self._put("continue")

    def _body(self, here: int) -> None:
        state = self.states[here]
        single = len(state.targets) == 1
        if any(END in edge.word.first for edge in state.edges) or (single and state.finish is not None):
            self._put("if i >= end:")
            self._end(state.finish)
        if single and state.edges:
            self._edge(here, state.edges[0], 0)
            return
        known = 8 if sum(bool(edge.word.literal) for edge in state.edges) > 1 else 1  # bytes that are compared at once
        if known > 1:
            self._put("w = load8(b, i)")
        for edge in sorted(state.edges, key=lambda edge: -len(edge.word.literal[:known])):
            text = edge.word.literal[:known]
            self._put(f"if {entry(text) if known > 1 and text else among(edge.word.first)}:")
            self._depth += 1
            distance = self._distance
            self._edge(here, edge, len(text))
            self._distance = distance
            self._depth -= 1
        if state.otherwise is not None:
            self._go(here, state.otherwise)
            return
        if state.finish is not None:
            self._put("if i == end:")
            self._end(state.finish)
        self._put("return -1")

    def _end(self, finish: Ops | None) -> None:
        self._depth += 1
        distance = self._distance
        if finish is None:
            self._put("return -1")
        else:
            self._ops(finish)
            self._put("return base")
        self._distance = distance
        self._depth -= 1

    def _edge(self, here: int, edge: _Edge, known: int) -> None:
        """A word, what it completes, and the way on."""
        if edge.word.behind is not None and not self._settled(here):
            self._put(*edge.word.looks_behind())
        gap = self._plain(edge.target, edge.word.ahead) if edge.word.ends_in_digits else ""
        self._put(*edge.word.lines(known, gap))
        self._ops(edge.ops)
        if not gap:
            self._gap(edge.target, edge.word.ahead)
        self._go(here, edge.target)

    def _go(self, here: int, target: int) -> None:
        """Go on with a state, behind what is ignored before its words."""
        if self._distances[target] is None and self._distance is not None:
            self._put(f"p = base + {self._distance}")
            self._distance = None
        inside = target in self._above[here]
        if self._entries[target] == 1 and not inside and target and self._shallow():
            self._state(target)
            return
        if self._loops and self._loops[-1] == target:
            self._put("continue")
            return
        if target not in self._labels and target not in self._loops:
            self._labels.append(target)
        self._put(f"s = {target}", "break" if self._loops else "continue")

    def _shallow(self) -> bool:
        return len(self._loops) < DEEPEST and self._depth < WIDEST

    # ------------------------------------------------------------ between words
    def _settled(self, here: int) -> bool:
        """Whether what comes before the words of a state is asked for where blanks are passed over."""
        state = self.states[here]
        behind, passed = state.behind, state.ignored
        return behind is not None and behind.start and not passed.others and passed.blanks <= behind.of and bool(passed.blanks)

    def _gap(self, here: int, ahead: Ahead | None) -> None:
        """Pass over what is ignored before the words of a state; `ahead` must hold first."""
        passed, asked = self.states[here].ignored, self._plain(here, ahead)
        if ahead is not None and not asked:
            self._put(*_looked(ahead))
            asked = self._plain(here, None)
        if asked:
            self._put(f"i = gap(b, i, {asked})", "if i < 0:", "  return -1")
        elif passed.others:
            self._others(passed)

    def _plain(self, here: int, ahead: Ahead | None) -> str:
        """The arguments of `gap` behind the place, where it can do all of that."""
        passed, behind = self.states[here].ignored, self.states[here].behind
        if passed.others or not passed.blanks:
            return ""
        if ahead is not None and ((END in ahead.of) != ahead.end or not passed.blanks <= ahead.of):
            return ""
        blank = next((byte for byte in (ord(" "), *sorted(passed.blanks)) if byte in passed.blanks - {END}), 256)
        before = masks(behind.of if behind is not None and self._settled(here) else ASCII)
        blanks, after = masks(passed.blanks).split(", ")[0], masks(ASCII if ahead is None else ahead.of)
        return f"at, end, {blank}, {max(passed.blanks)}, {blanks}, {after}, {before}"

    def _others(self, passed: Ignored) -> None:
        self._put("while i < end:")
        self._depth += 1
        for pattern in passed.others:
            self._put(f"if {among(first(pattern))}:", *(f"  {line}" for line in matched(pattern)), "  continue")
        if passed.blanks:
            self._put(f"if {among(passed.blanks)}:", "  i += 1", "  continue")
        self._put("break")
        self._depth -= 1

    def _ops(self, ops: Ops) -> None:
        for op in ops:
            match op:
                case Open(depth=d):
                    spot = "p" if self._distance is None else f"base + {self._distance}"
                    self._put(f"l{d} = {spot}", f"n{d} = 0", f"p = l{d} + 1")
                case Count(depth=d):
                    self._put(f"n{d} += 1")
                case Close(depth=d, each=each):
                    many = f"n{d}" if each is None else f"p - l{d} - 1" if each == 1 else f"(p - l{d} - 1) // {each}"
                    self._put(f"store(tape, l{d}, 0, {many})")
                case Read(layout=layout) if layout is not None:
                    if self._distance is None:
                        self._put("store(tape, p, 0, v)", "p += 1")
                    else:
                        self._put(f"store(tape, base, {self._distance}, v)")
                case Emit(item=item):
                    self._put(f"store(tape, base, 0, {item})")
                    self._put("base = p" if self._distance is None else f"base += {self._distance}")
            self._distance = _moved(self._distance, op)


def _moved(distance: int | None, op: Op) -> int | None:
    """The distance from the beginning of an item to its next cell; None where it is not known."""
    match op:
        case Emit():
            return 1
        case Open():
            return None
        case Read(layout=layout) if layout is not None and distance is not None:
            return distance + 1
    return distance


def _distances(states: Sequence[_State]) -> list[int | None]:
    """The distance for each state; None where it is not known."""
    found: dict[int, int | None] = {0: 1}
    todo = [0]
    while todo:
        here = todo.pop()
        ways: list[tuple[int, Ops]] = [(edge.target, edge.ops) for edge in states[here].edges]
        ways += [(target, ()) for target in states[here].targets[len(ways) :]]
        for target, ops in ways:
            distance = found[here]
            for op in ops:
                distance = _moved(distance, op)
            if target not in found or (found[target] is not None and found[target] != distance):
                found[target] = None if target in found else distance
                todo.append(target)
    return [found.get(state) for state in range(len(states))]


def _looked(ahead: Ahead | None) -> list[str]:
    """Lines that ask for what must come behind a word."""
    if ahead is None:
        return []
    condition = refusal(ahead.of)
    if ahead.end and END not in ahead.of:
        condition = f"i < end and {condition}"
    elif not ahead.end and END in ahead.of:
        condition = f"i >= end or {condition}"
    return [f"if {condition}:", "  return -1"]


def _dominators(states: Sequence[_State]) -> list[set[int]]:
    """For each state, those through which every way to it leads, itself included."""
    before: list[set[int]] = [set() for _ in states]
    for here, state in enumerate(states):
        for target in state.targets:
            before[target].add(here)
    found = [{0}, *(set(range(len(states))) for _ in states[1:])]
    changed = True
    while changed:
        changed = False
        for here in range(1, len(states)):
            ways = [found[other] for other in before[here]]
            above = {here} | (set.intersection(*ways) if ways else set())
            if above != found[here]:
                found[here], changed = above, True
    return found
