"""A system as the text of one function over integers: it reads a scanned document and says what the trial comes to.

    judge(tape, used, given, values, m, out) -> outcome

`tape` holds the document: for each item its number in `items` and its arguments' cells, laid out by their sorts, a list with
its length before it; `used` cells are filled. `given` and `values` are, for each parameter of the system, whether it is given
and its value. `m` is the memory. `out` gets the fields of `OUT`. An outcome of `ELSEWHERE` says nothing: another engine decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracecourt.engines.flat.draft import ALWAYS, NAME, Plan, conj, negated, swept
from tracecourt.engines.flat.keeping import ELSEWHERE as LEAVE
from tracecourt.engines.flat.layout import NotFlat, Val, divides, few
from tracecourt.engines.flat.loops import Body
from tracecourt.engines.flat.outlines import CHANGED, OUTER, Outlines
from tracecourt.engines.flat.runtime import END as MEMORY
from tracecourt.engines.flat.runtime import FULL, MOST_HANDLES, SCRATCH, SCRATCHPAD
from tracecourt.engines.flat.stores import MOST_KEYS, MOST_ROWS, Bits, Local, Row, Store, Table, kept
from tracecourt.engines.flat.walk import flattened
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import parts, symbols

SOUND, UNSOUND, TRUNCATED, ELSEWHERE = 0, 1, 2, 9
NO_PLAN, INVALID, SUBOPTIMAL, OPTIMAL, VALID = 0, 1, 2, 3, 4
OUT = ("rule", "event", "plan", "follows", "declared", "declared_event", "events")  # then the parameters' values
MOST_NODES = 1 << 20  # records that ranges number
MOST_PATHS = 1 << 22  # cells of a search's frontier
PASSES = 6
LONG_RULES = 400  # parts of the rules of an event, those of what they call included


@dataclass(frozen=True)
class Machine:
    """A system's function: its text, the size of the memory that it needs, and what its numbers stand for."""

    source: str
    memory: int
    rules: tuple[ir.Rule, ...]
    params: tuple[str, ...]
    tables: Mapping[str, tuple[int, ...]]


def tape_sorts(system: ir.System, items: Sequence[str], end: str) -> dict[str, tuple[t.Sort, ...]]:
    """The sorts whose cells stand behind each item on the tape; a tuple that is printed by its fields has the same ones."""
    found: dict[str, tuple[t.Sort, ...]] = {end: ()} if end in items else {}
    for fact in system.facts:
        match fact.sort:
            case t.Map(element=key, value=value):
                found[fact.name] = key, value
            case t.Set(element=element) | t.List(element=element):
                found[fact.name] = (element,)
            case _:
                found[fact.name] = (fact.sort,)
    found |= {name: tuple(part.sort for part in system.shown[name]) for name in system.events}
    return {name: sorts for name, sorts in found.items() if name in items}


def machine(
    system: ir.System,
    items: Sequence[str],
    settings: Mapping[str, Any],
    *,
    declared: bool,
    end: str,
) -> Machine:
    """Lower a system.

    Args:
        system: one whose texts show the whole run.
        items: the names of the items by their numbers on the tape.
        settings: values of parameters that no text can change.
        declared: whether the rules of the declared level are asked.
        end: the name of the end marker's item.

    Raises:
        NotFlat: when the system has no such function.
    """
    if system.partial:
        raise NotFlat("its text hides a part of the run")
    plan, printed = Plan(), tape_sorts(system, items, end)
    for _ in range(PASSES):
        before = plan.state()
        writer = _Writer(plan, system, items, printed, settings, declared=declared, end=end)
        made = writer.module()
        if plan.state() == before:
            return made
    raise NotFlat("the denominators of its numbers grow")


class _Writer(Outlines):
    """Writes the function of a system."""

    def __init__(
        self,
        plan: Plan,
        system: ir.System,
        items: Sequence[str],
        printed: Mapping[str, Sequence[t.Sort]],
        settings: Mapping[str, Any],
        *,
        declared: bool,
        end: str,
    ) -> None:
        super().__init__(plan)
        self.system, self.items, self.printed, self.settings = system, list(items), printed, settings
        self.declared, self.end = declared, end
        self.exact = divides(system)
        self.rules = system.rules
        self.variables = {v.symbol: v for v in system.state}
        self.facts = {fact.name: fact for fact in system.facts}
        self._extremes: dict[t.Sort, tuple[str, dict[str, list[str]]]] = {}

    # ------------------------------------------------------------ the module
    def module(self) -> Machine:
        """The text of the module, with the places of everything in the memory."""
        self._begin()
        self._scalar_facts()
        self._parameters()
        self._dimensions()
        self._collected_facts()
        for rule in self.system.demands:
            if isinstance(rule.condition, ir.Within) and not isinstance(self.place(rule.condition.value), Local):
                continue  # it was asked of each element
            with self.block(f"if {negated(self.cond(rule.condition))}:"):
                self.add(LEAVE)
        self._initial()
        self._events()
        self._plan()
        self._outcome()
        places, size = self._places()
        head = [f"{name} = {place}" for name, place in places.items()]
        tables = [f"{name} = table({values!r})" for name, values in self.tables.items()]
        text = "\n".join(
            [*head, *tables, "", "", *self.functions, "def judge(tape, used, given, values, m, out):", *swept(self.lines), ""]
        )
        return Machine(text, size, self.rules, tuple(p.symbol.name for p in self.system.params), self.tables)

    def _places(self) -> tuple[dict[str, int], int]:
        places, at = {"ELSEWHERE": ELSEWHERE, "ROW": MOST_ROWS}, MEMORY
        for group in self.groups.found:
            size = max(len(self.plan.fields.get(group.name, {})), 1)
            places[group.name.upper()], places[f"{group.name.upper()}_SIZE"] = at, size
            at += size * (MOST_HANDLES if group.dims is None else MOST_NODES)
        for kept_as in dict.fromkeys(v for v in self.kept if isinstance(v, (Store, Row))):
            if isinstance(kept_as, Row):
                places[kept_as.base] = at
                at += MOST_ROWS
            elif kept_as.queue:
                places[f"{kept_as.name.upper()}_KEYS"] = at
                at += 4 * MOST_KEYS
                places[f"{kept_as.name.upper()}_HEAP"] = at
                at += 2 * MOST_KEYS
        places["FRONTIER"], places["FRONTIER_END"] = at, at + MOST_PATHS
        places["PATHS"] = at + MOST_PATHS
        return places, at + 2 * MOST_PATHS

    def _begin(self) -> None:
        self.kept: list[Any] = []
        self.add("begin(m)")
        grown = {
            u.target
            for updates in (self.system.initially, *(e.updates for e in self.system.events.values()))
            for u in flattened(updates)
            if u.kind in ("insert", "remove")
        }
        for number, symbol in enumerate((*self.system.facts, *self.variables, *self._collected())):
            grows = symbol in grown or symbol.kind == "fact" or symbol in self._collected()
            self.scope[symbol] = self._keep(symbol, f"{symbol.kind[0]}{number}_{_plain(symbol.name)}", grows)
            self.kept.append(self.scope[symbol])
        for fact in self.system.facts:
            if isinstance(place := self.scope[fact], Local):
                self.add(f"{place.names[0]}_said = 0")
                for name in place.names:
                    self.add(f"{name} = 0")

    def _collected(self) -> list[ir.Symbol]:
        return [self.system.answer.collected] if self.system.answer else []

    def _keep(self, symbol: ir.Symbol, name: str, grows: bool) -> Any:
        if isinstance(symbol.sort, t.Set) and few(symbol.sort.element):
            return Bits(name, symbol.sort.element)
        found = kept(symbol, name, self.groups, self.variables.get(symbol), grows, self.exact)
        if found is not None:
            return found
        den = self.den(name) if isinstance(symbol.sort, t.Rational) else 1
        return Local(tuple(f"{name}_{i}" for i in range(self.cells(symbol.sort))), symbol.sort, den)

    # ------------------------------------------------------------ the tape
    def _number(self, item: str) -> int:
        return self.items.index(item)

    def _decoded(self, sorts: Sequence[t.Sort]) -> tuple[list[str], str]:
        """The cells of an item's arguments at `at`, and the place behind them."""
        place: tuple[str, int] = ("at", 1)
        cells: list[str] = []
        for sort in sorts:
            found, place = self._value(sort, place)
            cells += found
        return cells, f"{place[0]} + {place[1]}"

    def _value(self, sort: t.Sort, place: tuple[str, int]) -> tuple[list[str], tuple[str, int]]:
        base, offset = place
        match sort:
            case t.Rational() if self.exact:
                return [self.named(f"tape[{base} + {offset}]"), "1"], (base, offset + 1)
            case t.Bool() | t.Int() | t.Enum() | t.Rational():
                return [self.named(f"tape[{base} + {offset}]")], (base, offset + 1)
            case t.Tuple(fields=fields):
                cells: list[str] = []
                for _, inner in fields:
                    found, place = self._value(inner, place)
                    cells += found
                return cells, place
            case t.List(element=element):
                count, at, listed = (
                    self.named(f"tape[{base} + {offset}]"),
                    self.named(f"{base} + {offset + 1}"),
                    self.named("0"),
                )
                with self.block(f"for _ in range({count}):"):
                    found, (after, more) = self._value(element, (at, 0))
                    self.add(f"{listed} = {self.appended(Val((listed,)), [Val(tuple(found))]).cell}")
                    self.add(f"{at} = {after} + {more}")
                return [listed], (at, 0)
        raise NotFlat(f"a printed {sort}")

    def _skipped(self, sorts: Sequence[t.Sort]) -> str:
        """The place behind an item at `at`."""
        if all(_fixed(s) for s in sorts):
            return f"at + {1 + sum(_fixed(s) for s in sorts)}"
        return self._decoded(sorts)[1]

    def mentioned(self, e: ir.Mentioned, body: Body) -> None:
        """Go through the tape for the cells that stand where a sort is asked for."""
        places = {name: list(_standing(sorts, e.of)) for name, sorts in self.printed.items()}
        self.add("at = 0")
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            for rank in range(max(map(len, places.values()), default=0)):
                offsets = [(places.get(name, []) + [0] * rank + [0])[rank] for name in self.items]
                place = self.named(f"{self._table('place', offsets)}[{item}]")
                with self.block(f"if {place} > 0:"):
                    body(Val(tuple(self.named(f"tape[at + {place} + {i}]") for i in range(self.cells(e.of)))))
            self._advance(item)

    def extreme(self, values: ir.Expr, op: str) -> Val | None:
        """The least or greatest of a cell that stands where a sort is asked for: one pass finds them for all its cells."""
        match values:
            case ir.Each(head=(head,), binding=ir.Binding(symbols=(symbol,), source=ir.Mentioned(of=of) as source, guard=None)):
                pass
            case _:
                return None
        match head:
            case ir.Ref(symbol=which) if which is symbol and isinstance(of, t.Int):
                cell = 0
            case ir.Project(base=ir.Ref(symbol=which), index=index) if which is symbol and isinstance(of, t.Tuple):
                if not all(isinstance(s, t.Int) for _, s in of.fields):
                    return None
                cell = index
            case _:
                return None
        if of not in self._extremes:
            raise NotFlat("what is mentioned is asked for too late")
        some, names = self._extremes[of]
        return Val((names[op][cell],), f"{some} != 0")

    def _extreme_passes(self) -> None:
        """Find the least and greatest cells of what is mentioned, for the sorts that parameters ask about."""
        asked: list[ir.Mentioned] = []
        todo = [p.inferred for p in self.system.params if p.inferred is not None]
        while todo:
            e = todo.pop()
            todo += parts(e)
            if isinstance(e, ir.Mentioned) and all(e.of is not known.of for known in asked):
                asked.append(e)
        for e in asked:
            number = len(self._extremes)
            some = f"some{number}_"
            names = {op: [f"{op}{number}_{i}" for i in range(self.cells(e.of))] for op in ("min", "max")}
            self._extremes[e.of] = some, names
            self.add(f"{some} = 0")
            for name in names["min"] + names["max"]:
                self.add(f"{name} = {'1 << 60' if name in names['min'] else '-(1 << 60)'}")

            def widen(val: Val, some: str = some, names: dict[str, list[str]] = names) -> None:
                self.add(f"{some} = 1")
                for op in ("min", "max"):
                    for name, cell in zip(names[op], val.cells, strict=True):
                        self.add(f"{name} = {op}({name}, {cell})")

            self.mentioned(e, widen)

    def _table(self, hint: str, values: Sequence[int]) -> str:
        """A constant row."""
        for name, known in self.tables.items():
            if known == tuple(values):
                return name
        name = f"{hint.upper()}{len(self.tables)}"
        self.tables[name] = tuple(values)
        return name

    def _advance(self, item: str) -> None:
        """Go behind an item, whichever it is."""
        others = [name for name, sorts in self.printed.items() if not all(map(_fixed, sorts))]
        for name in others:
            with self.block(f"if {item} == {self._number(name)}:"):
                self.add(f"at = {self._decoded(self.printed[name])[1]}")
        sizes = [0 if n in others else 1 + sum(map(_fixed, self.printed.get(n, ()))) for n in self.items]
        self.add(f"at += {self._table('size', sizes)}[{item}]")

    # ------------------------------------------------------------ the problem
    def _scalar_facts(self) -> None:
        scalars = [f for f in self.system.facts if isinstance(self.scope[f], Local)]
        if not scalars:
            return
        self.add("at = 0")
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            for number, fact in enumerate(f for f in scalars if f.name in self.printed):
                with self.block(f"{'elif' if number else 'if'} {item} == {self._number(fact.name)}:"):
                    local = self.scope[fact]
                    with self.block(f"if {local.names[0]}_said != 0:"):
                        self.add(LEAVE)
                    self.add(f"{local.names[0]}_said = 1")
                    cells, _ = self._decoded(self.printed[fact.name])
                    for name, cell in zip(local.names, cells, strict=True):
                        self.add(f"{name} = {cell}")
            events = [self._number(name) for name in self.printed if name not in self.facts]
            with self.block(f"if {' or '.join(f'{item} == {n}' for n in events)}:"):
                self.add("break")
            self._advance(item)
        for fact in scalars:
            with self.block(f"if {self.scope[fact].names[0]}_said == 0:"):
                self.add(LEAVE)

    def _parameters(self) -> None:
        inferred = [i for i, p in enumerate(self.system.params) if p.inferred is not None]
        if inferred:
            with self.block(f"if {' | '.join(f'(given[{i}] == 0)' for i in inferred)}:"):
                self._extreme_passes()
        for index, param in enumerate(self.system.params):
            symbol, name = param.symbol, param.symbol.name
            if param.inferred is None:
                self._setting(symbol, self.settings[name] if name in self.settings else None, param)
                continue
            cells = tuple(f"p{index}_{_plain(name)}_{i}" for i in range(self.cells(symbol.sort)))
            if len(cells) != 1 or not isinstance(symbol.sort, t.Int):
                raise NotFlat(f"the parameter {name} is inferred and no whole number")
            with self.block(f"if given[{index}]:"):
                self.add(f"{cells[0]} = values[{index}]")
            with self.block("else:"):
                val = self.term(param.inferred)
                low_high = (
                    (self.term(symbol.sort.low), self.term(symbol.sort.high)) if isinstance(symbol.sort, t.Range) else None
                )
                clamped = f"min(max({val.cell}, {low_high[0].cell}), {low_high[1].cell})" if low_high else val.cell
                with self.block(f"if {conj(val.ok)}:"):
                    self.add(f"{cells[0]} = {clamped}")
                with self.block("else:"):
                    self.add(LEAVE)
            self.scope[symbol] = Val(cells)

    def _setting(self, symbol: ir.Symbol, value: Any, param: ir.Param) -> None:
        if symbol.name not in self.settings:
            if param.default is None:
                raise NotFlat(f"the parameter {symbol.name} must be given")
            if not isinstance(symbol.sort, (t.Set, t.Map)):
                self.scope[symbol] = self._fitted_default(symbol, param.default)
                return
            raise NotFlat(f"the parameter {symbol.name} is a collection")
        match symbol.sort:
            case t.List(element=element):
                vals = [self.constant(v, element) for v in value]
                names = tuple(f"{_plain(symbol.name).upper()}_{i}" for i in range(self.cells(element)))
                for i, name in enumerate(names):
                    self.tables[name] = tuple(int(val.cells[i]) for val in vals) or (0,)
                self.scope[symbol] = Table(names, len(vals), element)
            case _:
                self.scope[symbol] = self.constant(value, symbol.sort)

    def _fitted_default(self, symbol: ir.Symbol, default: ir.Expr) -> Val:
        return self.fitted(self.term(default), default.sort, symbol.sort)

    def _dimensions(self) -> None:
        """The ranges that number records: found once, and so large that the records have room."""
        for group in self.groups.found:
            if group.dims is None:
                continue
            counts = [self.bound_of(dim)[1] for dim in group.dims]
            if all(c.isdigit() for c in counts):
                continue
            text = counts[0]
            for i, count in enumerate(counts):
                with self.block(f"if not 0 < {count} <= {MOST_NODES}:"):
                    self.add(LEAVE)
                if i:
                    text = f"{text} * {count}"
                    with self.block(f"if {text} > {MOST_NODES}:"):
                        self.add(LEAVE)

    def _collected_facts(self) -> None:
        self.add("at = 0")
        for fact in self.system.facts:
            self._emptied(self.scope[fact])
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            head = "if"
            for fact in self.system.facts:
                if fact.name not in self.printed:
                    continue
                with self.block(f"{head} {item} == {self._number(fact.name)}:"):
                    place, sorts = self.scope[fact], self.printed[fact.name]
                    if isinstance(place, Local):
                        self.add(f"at = {self._skipped(sorts)}")
                    else:
                        cells, behind = self._decoded(sorts)
                        self._state_fact(place, fact, tuple(cells))
                        self.add(f"at = {behind}")
                head = "elif"
            if head == "elif":
                with self.block("else:"):
                    self.add("break")
            else:
                self.add("break")
        self.add("first = at")

    def _state_fact(self, place: Any, fact: ir.Symbol, cells: tuple[str, ...]) -> None:
        at = 0
        for sort in self.printed[fact.name]:
            count = self.cells(sort)
            inside = self.within(cells[at : at + count], sort)
            if inside != ALWAYS:
                with self.block(f"if {negated(inside)}:"):
                    self.add(LEAVE)
                self._inside(Val(cells[at : at + count]), sort)
            at += count
        match place:
            case Store(value=None):
                self.put(place, Val(cells), None)
            case Store():
                count = self.cells(place.key)
                self.put(place, Val(cells[:count]), Val(cells[count:]))
            case Row():
                self.append(place, Val(cells))
            case Bits(name=name):
                self.add(f"{name} |= 1 << {cells[0]}")

    def _emptied(self, place: Any) -> None:
        match place:
            case Store():
                self.clear(place)
            case Row():
                self.empty(place)
            case Bits(name=name):
                self.add(f"{name} = 0")

    # ------------------------------------------------------------ state
    def _initial(self) -> None:
        for variable in self.system.state:
            self._emptied(self.scope[variable.symbol])
            if not (
                isinstance(variable.initial, ir.Display) and not variable.initial.items and not self._scalar(variable.symbol)
            ):
                self._assign(variable.symbol, variable.initial)
        for symbol in self._collected():
            self._emptied(self.scope[symbol])
        for update in self.system.initially:
            self._update(update)

    def _scalar(self, symbol: ir.Symbol) -> bool:
        return isinstance(self.scope[symbol], Local)

    def _update(self, update: ir.Update) -> None:
        """An update; one without a value changes nothing."""
        if update.kind == "when":
            with self.block(f"if {self.cond(update.value)}:"):
                for inner in update.block:
                    self._update(inner)
            return
        assert update.target is not None
        place = self.scope[update.target]
        match update.kind, place:
            case "assign", _:
                self._assign(update.target, update.value)
            case "put", Store():
                assert update.key is not None
                self._put(place, update.key, update.value)
            case "insert", Store():
                val = self.fitted(self.term(update.value), update.value.sort, place.key)
                self._where(val.ok, lambda: self.put(place, val, None))
            case "insert", Row():
                val = self.fitted(self.term(update.value), update.value.sort, place.element)
                self._where(val.ok, lambda: self.append(place, self._plain(val)))
            case "insert" | "remove", Bits(name=name):
                val = self.term(update.value)
                change = f"{name} |= 1 << {val.cell}" if update.kind == "insert" else f"{name} &= ~(1 << {val.cell})"
                self._where(val.ok, lambda: self.add(change))
            case "remove", Store():
                val = self.fitted(self.term(update.value), update.value.sort, place.key)
                self._where(val.ok, lambda: self.remove(place, val))
            case "remove", Row():
                val = self.fitted(self.term(update.value), update.value.sort, place.element)
                self._where(val.ok, lambda: self._drop(place, val, last=isinstance(update.target.sort, t.Stack)))  # type: ignore[union-attr]
            case _:
                raise NotFlat(f"{update.kind} on {update.target.name}")

    def _where(self, ok: str | None, write: Any) -> None:
        if ok is None or ok == ALWAYS:
            write()
            return
        with self.block(f"if {ok}:"):
            write()

    def _plain(self, val: Val) -> Val:
        if val.den != 1:
            raise NotFlat("a list of fractions")
        return val

    def _put(self, store: Store, key: ir.Expr, value: ir.Expr) -> None:
        assert store.value is not None
        k = self.fitted(self.term(key), key.sort, store.key)
        v = self.fitted(self.term(value), value.sort, store.value)
        if isinstance(store.value, t.Rational) and not self.exact:
            v = self.scaled(v, self.widened(store.name, v.den))
        order: Val | None = None
        if store.queue:
            assert store.variable is not None and store.variable.key is not None
            identity, *rest = store.variable.entry
            values, at = {identity: Val(k.cells)}, 0
            for symbol in rest:
                count = self.cells(symbol.sort)
                values[symbol] = Val(v.cells[at : at + count], None, v.den if len(rest) == 1 else 1)
                at += count
            with self.bound(values):
                order = self.term(store.variable.key)
        ok = conj(k.ok, v.ok, order.ok if order else None)
        self._where(ok, lambda: self.put(store, Val(k.cells), Val(v.cells, None, v.den), order))

    def _drop(self, row: Row, val: Val, *, last: bool) -> None:
        """Remove one occurrence: a stack's topmost, else the first."""
        at, found = self.fresh("i"), self.named("-1")
        size = row.cells
        over = f"{row.last} - {size}, {row.first} - 1, -{size}" if last else f"{row.first}, {row.last}, {size}"
        with self.block(f"for {at} in range({over}):"):
            with self.block(f"if {self.same(self.at(row, at), Val(val.cells))}:"):
                self.add(f"{found} = {at}")
                self.add("break")
        with self.block(f"if {found} == {row.first}:"):
            self.add(f"{row.first} += {size}")
        with self.block(f"elif {found} >= 0:"):
            self.add(f"{row.last} -= {size}")
            with self.block(f"for {at} in range({found}, {row.last}):"):
                self.add(f"m[{at}] = m[{at} + {size}]")

    def _assign(self, target: ir.Symbol, value: ir.Expr) -> None:
        match self.scope[target]:
            case Local() as local:
                val = self.fitted(self.term(value), value.sort, target.sort)
                if isinstance(target.sort, t.Rational) and not self.exact:
                    val = self.scaled(val, self.widened(local.names[0].removesuffix("_0"), val.den))
                elif val.den != 1:
                    raise NotFlat("a tuple that holds a fraction")

                def write() -> None:
                    self.add(f"{', '.join(local.names)} = {', '.join(val.cells)}")

                self._where(val.ok, write)
                for name in local.names:
                    self.forget(name)
            case Bits(name=name):
                val = self.fitted(self.term(value), value.sort, target.sort)
                self._where(val.ok, lambda: self.add(f"{name} = {val.cell}"))
            case Row() as row:
                start, count, ok = self.listing(value)

                def copy() -> None:
                    self.empty(row)
                    at = self.fresh("i")
                    with self.block(f"for {at} in range({start}, {start} + {row.cells} * {count}, {row.cells}):"):
                        self.append(row, Val(tuple(self.named(f"m[{at} + {i}]") for i in range(row.cells))))

                if target in set(symbols(value)):
                    raise NotFlat("a list that is made from itself")
                self._where(ok, copy)
            case Store() as store:
                self._refill(store, target, value)

    def _refill(self, store: Store, target: ir.Symbol, value: ir.Expr) -> None:
        if store.queue:
            raise NotFlat("a queue that is assigned")
        pairs = store.value is not None
        sorts = [s for s in (value.sort.element, getattr(value.sort, "value", None)) if s is not None]  # type: ignore[attr-defined]
        cells = [self.cells(s) for s in (store.key, *([store.value] if store.value else []))]

        def fit(vals: Sequence[Val]) -> list[Val]:
            wanted = [store.key, *([store.value] if store.value else [])]
            found = [self.fitted(v, g, w) for v, g, w in zip(vals, sorts, wanted, strict=True)]
            if isinstance(store.value, t.Rational) and not self.exact:
                found[1] = self.scaled(found[1], self.widened(store.name, found[1].den))
            return found

        if target not in set(symbols(value)):
            (ok, lines) = self.apart(lambda: self.loop(value, lambda *v: self._fill(store, fit(v)), pairs=pairs, again=True))
            if ok is None:
                self.clear(store)
                with self.block("if True:"):
                    self.lines += lines
                return
        last, count, size = self.named("0", "r"), self.named("0"), sum(cells)

        def push(*vals: Val) -> None:
            at = self.named(f"room(m, {1 + size})", "r")
            self.add(f"m[{at}] = {last}")
            for i, cell in enumerate(c for v in fit(vals) for c in v.cells):
                self.add(f"m[{at} + {1 + i}] = {cell}")
            self.add(f"{last} = {at}")
            self.add(f"{count} += 1")

        ok = self.loop(value, push, pairs=pairs, again=True)

        def write() -> None:
            start, at = self._straight(last, count, size), self.fresh("i")
            self.clear(store)
            with self.block(f"for {at} in range({start}, {start} + {size} * {count}, {size}):"):
                found = tuple(self.named(f"m[{at} + {i}]") for i in range(size))
                self._fill(store, [Val(found[: cells[0]]), *([Val(found[cells[0] :])] if pairs else [])])

        self._where(ok, write)

    def _fill(self, store: Store, vals: Sequence[Val]) -> None:
        self.put(store, vals[0], vals[1] if len(vals) > 1 else None)

    # ------------------------------------------------------------ events
    def _events(self) -> None:
        self.add("at = first")
        self.add("event = 0")
        self.add("rule = -1")
        self.add("where = -1")
        self.add("ended = 0")
        self.add("declared = -1")
        self.add("declared_event = -1")
        self.add("departing = 0")  # whether the last event may depart from the declared run, and if the trace could end before
        self.add("could_end = 1")
        self._loop_over_events()
        with self.block("if rule >= 0 and where == event - 1 and ended == 0:"):
            self.add(LEAVE)  # its last number may have been cut
        with self.block(f"if m[{FULL}] != 0:"):
            self.add(LEAVE)

    def _loop_over_events(self) -> None:
        """Ask the rules of each event until one is broken; from then on the trace is believed, so that its answer can be judged."""
        for place in self.kept:
            for name in place.names if isinstance(place, Local) else ():
                self.forget(name)  # what was known of the initial state
        with self.block("while at < used:"):
            item = self.named("tape[at]")
            head = "if"
            for name, event in self.system.events.items():
                if name not in self.printed:
                    continue
                with self.block(f"{head} {item} == {self._number(name)}:"):
                    self._event(event)
                head = "elif"
            if self.end in self.items:
                with self.block(f"{head} {item} == {self._number(self.end)}:"):
                    self.add("ended = 1")
                    self.add("event -= 1")
                    self.add("at += 1")
                head = "elif"
            with self.block("else:"):
                self.add(LEAVE)
            self.add("event += 1")
            self.add(f"m[{SCRATCH}] = {SCRATCHPAD}")

    def _event(self, event: ir.Event) -> None:
        cells, behind = self._decoded(self.printed[event.name])
        values, at = {}, 0
        for parameter in event.parameters:
            count = self.cells(parameter.sort)
            values[parameter] = Val(tuple(cells[at : at + count]))
            at += count
        if any(rule.level not in ir.SOUND_LEVELS for rule in event.rules):
            with self.block(f"if {behind} >= used:"):
                self.add("departing = 1")
                for rule in self.system.ending:
                    self.add(f"could_end &= 1 if {self.cond(rule.condition)} else 0")
        with self.bound(values):
            if not self._asked_apart(event, values):
                with self.block("while rule < 0:"):  # once, if at all; a broken rule leaves it
                    self._asked(event, values, ("where = event", "break"))
                    self.add("break")
            for parameter, val in values.items():
                inside = self.within(val.cells, parameter.sort)
                if inside != ALWAYS:
                    with self.block("if rule >= 0:"), self.block(f"if {negated(inside)}:"):
                        self.add(LEAVE)
                    self._inside(val, parameter.sort)
            for update in event.updates:
                self._update(update)
            answer = self.system.answer
            if answer and event is answer.event:
                row = self.scope[answer.collected]
                element = tuple(c for val in values.values() for c in val.cells) or ("1",)
                self.append(row, Val(element))
        self.add(f"at = {behind}")

    def _asked(self, event: ir.Event, values: Mapping[ir.Symbol, Val], broken: Sequence[str]) -> None:
        """Ask the rules of an event one after the other."""
        for rule in event.rules:
            self._rule(rule, broken)
            for part in _conjuncts(rule.condition):
                match part:
                    case ir.Within(value=ir.Ref(symbol=symbol), of=of) if symbol in values:
                        self._inside(values[symbol], of)

    def _asked_apart(self, event: ir.Event, values: Mapping[ir.Symbol, Val]) -> bool:
        """Ask the rules in a function of their own, where that is possible and they are long: it is compiled in less time."""
        if sum(self._expanded(rule.condition) for rule in event.rules) < LONG_RULES:
            return False
        name = self.fresh("rules")
        own = [cell for val in values.values() for cell in val.cells]
        frames, self._frames = self._frames, []
        _, lines = self.detached(lambda: self._asked(event, values, ("return rule, declared",)))
        self._frames = frames
        if any(CHANGED.match(line) for line in lines):
            return False
        body = ["    rule = -1", *swept(lines), "    return rule, declared"]
        body = [line.replace(LEAVE, f"m[{FULL}] = 1; return -1, -1").replace("declared_event = event", "pass") for line in body]
        given = sorted({n for line in body for n in NAME.findall(line) if OUTER.fullmatch(n)})
        arguments = ", ".join(("m", "declared", *given, *own))
        self.functions.append("\n".join([f"def {name}({arguments}):", *body, "", ""]))
        before = self.named("declared")
        with self.block("if rule < 0:"):
            self.add(f"rule, declared = {name}({arguments})")
            with self.block("if rule >= 0:"):
                self.add("where = event")
            with self.block(f"if (declared >= 0) & ({before} < 0):"):
                self.add("declared_event = event")
        return True

    def _inside(self, val: Val, sort: t.Sort) -> None:
        """From here on a value, and its parts, are known to lie in their ranges."""
        self.learn(("inside", *val.cells), True)
        if isinstance(sort, t.Tuple):
            at = 0
            for _, inner in sort.fields:
                count = self.cells(inner)
                self._inside(Val(val.cells[at : at + count]), inner)
                at += count

    def _rule(self, rule: ir.Rule, broken: Sequence[str]) -> None:
        number = self.rules.index(rule)
        if rule.level in ir.SOUND_LEVELS:
            with self.block(f"if {negated(self.cond(rule.condition))}:  # {_plain(rule.name)}"):
                self.add(f"rule = {number}")
                for line in broken:
                    self.add(line)
            return
        if not self.declared:
            return
        with self.block("if declared < 0:"):
            with self.block(f"if {negated(self.cond(rule.condition))}:  # {_plain(rule.name)}"):
                self.add(f"declared = {number}")
                self.add("declared_event = event")

    # ------------------------------------------------------------ the answer
    def _plan(self) -> None:
        self.add(f"plan = {NO_PLAN}")
        self.add("follows = -1")
        answer = self.system.answer
        if answer is None:
            return
        row = self.scope[answer.collected]
        printed = f"{row.first} < {row.last}"
        with self.block(f"if {printed if answer.apart else f'{printed} or ended != 0'}:"):
            if not answer.apart:
                with self.block("if rule >= 0:"):
                    self.add(f"plan = {INVALID}")
                with self.block("else:"):
                    self._judged(answer)
            else:
                self._judged(answer)

    def _judged(self, answer: ir.Answer) -> None:
        clauses, span = answer.clauses, answer.event.span
        collected = ir.Ref(answer.collected.sort, span, answer.collected)
        if "follows" in clauses:
            holds, ok = self._same_lists(clauses["follows"], collected)
            self.add(f"follows = 1 if {conj(ok, holds)} else 0")
        valid = self.cond(clauses["valid"]) if "valid" in clauses else "False"
        with self.block(f"if {valid}:"):
            if "cost" not in clauses or "optimum" not in clauses:
                self.add(f"plan = {VALID}")
            else:
                cost, optimum = self.term(clauses["cost"]), self._optimum(clauses)
                a, b = self.fitted(cost, clauses["cost"].sort, t.RATIONAL), optimum
                with self.block(f"if {conj(a.ok, b.ok)}:"):
                    same = self.same(Val(a.cells, None, a.den), Val(b.cells, None, b.den))
                    self.add(f"plan = {OPTIMAL} if {same} else {SUBOPTIMAL}")
                with self.block("else:"):
                    self.add(f"plan = {VALID}")
        with self.block("else:"):
            self.add(f"plan = {INVALID}")

    def _optimum(self, clauses: Mapping[str, ir.Expr]) -> Val:
        """The least cost; a run that breaks no rule may have found it on the way."""
        if "certified" not in clauses:
            return self.fitted(self.term(clauses["optimum"]), clauses["optimum"].sort, t.RATIONAL)
        certified = self.fitted(self.term(clauses["certified"]), clauses["certified"].sort, t.Optional(t.RATIONAL))
        return self.chosen(
            self.named(conj("rule < 0", certified.ok, f"{certified.cells[0]} != 0"), "ok"),
            lambda: Val(certified.cells[1:], None, certified.den),
            lambda: self.fitted(self.term(clauses["optimum"]), clauses["optimum"].sort, t.RATIONAL),
        )

    def _outcome(self) -> None:
        self.add("unfinished = -1")
        for rule in self.system.ending:
            with self.block("if unfinished < 0:"), self.block(f"if {negated(self.cond(rule.condition))}:"):
                self.add(f"unfinished = {self.rules.index(rule)}")
        # a last event that departs, and whose last word may have been cut, is perhaps another one
        departs = "declared_event == event - 1" if self.declared else "departing != 0"
        with self.block(f"if (rule < 0) & (ended == 0) & ({departs}) & ((unfinished < 0) | (could_end != 0)):"):
            self.add(LEAVE)
        with self.block("if unfinished >= 0 and ended != 0 and rule < 0:"):
            self.add("rule = unfinished")
            self.add("where = event")
        with self.block(f"if m[{FULL}] != 0:"):
            self.add(LEAVE)
        for index, name in enumerate(("rule", "where", "plan", "follows", "declared", "declared_event", "event")):
            self.add(f"out[{index}] = {name}")
        for index, param in enumerate(self.system.params):
            if param.inferred is not None:
                self.add(f"out[{len(OUT) + index}] = {self.scope[param.symbol].cell}")
        with self.block("if rule >= 0:"):
            self.add(f"return {UNSOUND}")
        with self.block("if unfinished >= 0:"):
            self.add(f"return {TRUNCATED}")
        self.add(f"return {SOUND}")


def _fixed(sort: t.Sort) -> int:
    """The number of cells on the tape, 0 where it varies."""
    match sort:
        case t.Bool() | t.Int() | t.Enum() | t.Rational():
            return 1
        case t.Tuple(fields=fields):
            sizes = [_fixed(inner) for _, inner in fields]
            return sum(sizes) if all(sizes) else 0
    return 0


def _standing(sorts: Sequence[t.Sort], wanted: t.Sort, offset: int = 1) -> Iterable[int]:
    """The offsets on the tape at which a sort is asked for."""
    for sort in sorts:
        if sort is wanted:
            yield offset
        elif isinstance(sort, t.Tuple):
            yield from _standing([inner for _, inner in sort.fields], wanted, offset)
        size = _fixed(sort)
        if not size:
            raise NotFlat("what is mentioned behind a list")
        offset += size


def _conjuncts(e: ir.Expr) -> Iterable[ir.Expr]:
    if isinstance(e, ir.Prim) and e.op == "and":
        for part in e.args:
            yield from _conjuncts(part)
    else:
        yield e


def _plain(text: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in text)
