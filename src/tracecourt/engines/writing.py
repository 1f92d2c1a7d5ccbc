"""Typed expressions → Python statements and expressions over local names.

The reference engine (`evaluate.py`) says what an expression means; what is written here has the same value wherever that has
one, and raises `NO_VALUE` where that raises `Undefined`. What is rare is not written but asked of the reference's closure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction

from tracecourt.engines.calls import Calls, conjuncts
from tracecourt.engines.evaluate import CONNECTIVES, Evaluator
from tracecourt.engines.primitives import BINARY, FROZEN, MEMBERS, UNARY, Undefined, frozen, thaw
from tracecourt.engines.search import shortest, steps, steps_to
from tracecourt.engines.source import SIGNS, Lines, Memo, item, listed, nothing, shut
from tracecourt.engines.values import whole
from tracecourt.spec import ir
from tracecourt.spec import sorts as t
from tracecourt.spec.rewrite import limits, symbols

NO_VALUE = (Undefined, KeyError)  # what a term without a value raises: a missing key needs no test of its own
DEEPEST = 16  # blocks inside one another; Python allows 20 loops and handlers


class Writer(Calls):
    """Writes the expressions of one system."""

    def __init__(self, evaluator: Evaluator) -> None:
        super().__init__(evaluator)
        self.objects |= {
            "NO_VALUE": NO_VALUE,
            "Undefined": Undefined,
            "Memo": Memo,
            "nothing": nothing,
            "item": item,
            "shortest": shortest,
            "steps": steps,
            "steps_to": steps_to,
            "frozen": frozen,
            "shut": shut,
            **{f"do_{op}": function for op, function in UNARY.items()},
            **{f"in_{op}": function for op, function in MEMBERS.items()},
        }
        self.settled = Lines()  # values of the problem that are found before the first event
        self.queues: dict[str, tuple[str, str]] = {}  # by name: the dictionaries of its entries and of their keys
        self._known: dict[str, str] = {}

    # ------------------------------------------------------------ values
    def value(self, e: ir.Expr) -> str:
        """The text of an expression's value; what it needs before stands in `out`. An atom without a value is false."""
        atom = e.sort == t.BOOL and not (isinstance(e, ir.Prim) and (e.op in CONNECTIVES or e.op == "if"))
        if not atom or not self.evaluator.partial(e):
            return self._value(e)
        name = self.fresh()
        with self.out.block("try:"):
            self.out.add(f"{name} = {self._value(e)}")
        with self.out.block("except NO_VALUE:"):
            self.out.add(f"{name} = False")
        return name

    def values(self, expressions: Sequence[ir.Expr], made: Callable[[ir.Expr], str] | None = None) -> list[str]:
        """The texts of several values, which are found in this order."""
        texts: list[str] = []
        for index, e in enumerate(expressions):
            with self.elsewhere(Lines(self.out.depth)) as own:
                text = (made or self.value)(e)
            if own.lines:
                for i, earlier in enumerate(expressions[:index]):
                    if self.evaluator.partial(earlier) or self.heavy(earlier):
                        texts[i] = self.held(texts[i])
            self.out.lines += own.lines
            texts.append(text)
        return texts

    def stored(self, e: ir.Expr) -> str:
        """The text of a value that is put into another or compared with parts of others: collections in it are frozen."""
        text = self.value(e)
        if not t.compound(e.sort) or (isinstance(e, ir.Display) and e.kind == "tuple"):
            return text
        if not self.sealed(e):
            return f"frozen({text})"
        return f"tuple({text})" if isinstance(e.sort, t.List) else f"shut({text})"

    def collection(self, e: ir.Expr, *, any_order: bool = False) -> str:
        """The text of a collection that is only looked at: a queue's entries, a map for its keys."""
        match e:
            case ir.Prim(op="keys", args=(inner,)):
                return self.collection(inner)
            case ir.Prim(op="bests", args=(queue,)) if any_order:
                return f"{self.value(queue)}.tied()"
        text = self.value(e)
        return self.queues[text][0] if text in self.queues else text

    def _value(self, e: ir.Expr) -> str:
        if self.fixed(e) and isinstance(e, (ir.Prim, ir.Project)):
            return self._settled(e)
        too_deep = self.out.depth > DEEPEST and not isinstance(e, (ir.Const, ir.Ref))
        return self._asked(e) if too_deep else self._written(e)

    def _settled(self, e: ir.Expr) -> str:
        """A name for a value of the problem that is found before the first event."""
        with self.elsewhere(self.settled):
            text = self._written(e)
            if text not in self._known:
                self._known[text] = self.held(text)
        return self._known[text]

    def _written(self, e: ir.Expr) -> str:
        match e:
            case ir.Const(value=value):
                return self.constant(value)
            case ir.Ref(symbol=symbol):
                return self.scope[symbol]
            case ir.Project(base=base, index=index):
                return f"{self.value(base)}[{index}]"
            case ir.Display(kind=kind, items=items):
                return self._display(kind, self.values(items, self.stored))
            case ir.Call():
                return self.call(e)
            case ir.Each():
                return self._each(e)
            case ir.Quantifier():
                return self._quantifier(e)
            case ir.Least():
                return self._least(e)
            case ir.Within(value=value, of=of) if not any(map(self.evaluator.partial, limits(of))):
                name = self.held(self.value(value))
                bounds = self._bounds(of, name)
                return self._asked(e) if bounds is None else f"({' and '.join(bounds)})" if bounds else "True"
            case ir.Distance(successors=f, goal=goal) if not self.told(f) and not self.told(goal):
                return self.distance(e)
            case ir.Inhabitants(of=of):
                return listed(of) or self._asked(e)
            case ir.Prim():
                return self._prim(e)
        return self._asked(e)

    def constant(self, value: ir.Value) -> str:
        """The text of a constant: a numeral or a quoted text, or the name of the object."""
        match value:
            case None | bool() | str():
                return repr(value)
            case int():
                return repr(value) if value >= 0 else f"({value!r})"
            case Fraction() if value.denominator == 1:
                return self.constant(int(whole(value)))
        return self.object(thaw(value), "k")

    def _asked(self, e: ir.Expr) -> str:
        """The value that the reference's closure finds, from registers that hold what it may look at."""
        for symbol in dict.fromkeys(symbols(e)):
            if symbol in self.scope and symbol.kind in ("state", "local"):
                self.out.add(f"r[{self.evaluator.slot(symbol)}] = {self.scope[symbol]}")
        return self.held(f"{self.object(self.evaluator.code(e), 'ask')}(r)")

    def _display(self, kind: str, items: list[str]) -> str:
        match kind:
            case "tuple":
                return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
            case "list":
                return f"[{', '.join(items)}]"
            case "set":
                return "{" + ", ".join(f"{i}: True" for i in items) + "}"
        return "{" + ", ".join(f"{k}: {v}" for k, v in zip(items[::2], items[1::2], strict=True)) + "}"

    def _bounds(self, sort: t.Sort, name: str) -> list[str] | None:
        """The conditions for a value to lie within a sort, or None where they are not written."""
        match sort:
            case t.Range(low=low, high=high):
                return [f"{self.value(low)} <= {name} <= {self.value(high)}"]
            case t.Tuple(fields=fields):
                found = [self._bounds(inner, f"{name}[{i}]") for i, (_, inner) in enumerate(fields)]
                return None if None in found else [b for each in found if each is not None for b in each]
            case t.Set(element=element) | t.List(element=element):
                each = self.fresh()
                inner = self._bounds(element, each)
                return None if inner is None else [f"all([{' and '.join(inner)} for {each} in {name}])"] if inner else []
            case _ if t.bounded(sort):
                return None
        return []

    # ------------------------------------------------------------ collections
    @contextmanager
    def loop(self, b: ir.Binding, *, any_order: bool = False) -> Iterator[None]:
        """What is written inside is done for each element."""
        lasting = self.lasting(b)
        if lasting is not None:
            source, guards = lasting
        else:
            source, guards = self.collection(b.source, any_order=any_order), conjuncts(b.guard)
        pairs = len(b.symbols) > 1 and isinstance(b.source.sort, t.Map)
        names = {s: self.name(s) for s in b.symbols}
        with ExitStack() as stack:
            stack.enter_context(self.out.block(f"for {', '.join(names.values())} in {source}{'.items()' if pairs else ''}:"))
            stack.enter_context(self.bound(names))
            for condition in guards:
                self.unless(condition, "continue")
            yield

    def _each(self, e: ir.Each, *, any_order: bool = False) -> str:
        name = self.fresh()
        self.out.add(f"{name} = {'[]' if e.kind == 'list' else '{}'}")
        with self.loop(e.binding, any_order=any_order):
            heads = self.values(e.head, self.stored)
            if e.kind == "list":
                self.out.add(f"{name}.append({heads[0]})")
            else:
                heads[0] = self.held(heads[0]) if self.heavy(e) else heads[0]
                self.out.add(f"{name}[{heads[0]}] = {heads[1] if e.kind == 'map' else 'True'}")
        return name

    def _quantifier(self, e: ir.Quantifier) -> str:
        name, usual = self.fresh(), e.kind == "all"
        self.out.add(f"{name} = {usual}")
        with self.loop(e.binding, any_order=not self.heavy(e)):
            text = self.value(e.body)
            with self.out.block(f"if {'not ' if usual else ''}{text}:"):
                self.out.add(f"{name} = {not usual}")
                self.out.add("break")
        return name

    def _least(self, e: ir.Least) -> str:
        name, lowest = self.fresh(), self.fresh()
        self.out.add(f"{name} = {lowest} = None")
        with self.loop(e.binding):
            key = self.held(self.value(e.key))
            with self.out.block(f"if {lowest} is None or {key} < {lowest}:"):
                self.out.add(f"{name}, {lowest} = {self.scope[e.binding.symbols[0]]}, {key}")
        with self.out.block(f"if {lowest} is None:"):
            self.out.add("raise Undefined")
        return name

    # ------------------------------------------------------------ operations
    def _prim(self, e: ir.Prim) -> str:
        match e.op, e.args:
            case (("and" | "or" | "=>"), (first, *rest)):
                return self._connective(e.op, self.value(first), rest)
            case "not", (inner,):
                return f"(not {self.value(inner)})"
            case "if", (condition, then, otherwise):
                return self.either(
                    self.value(condition),
                    lambda: self._knowing(condition, then, holds=True),
                    lambda: self._knowing(condition, otherwise, holds=False),
                )
            case "??", (left, right):
                return self._fallback(left, right)
            case "the", (inner,):
                name = self.named(self.value(inner))
                if name in self.present:
                    return name
                return f"({name} if {name} is not None else nothing())"
            case (("=" | "!=" | ">"), (ir.Prim(op="size", args=(of,)), ir.Const(value=0))):
                return f"({'not' if e.op == '=' else 'not not'} {self.collection(of)})"
            case (("=" | "!="), (left, ir.Const(value=None))):
                return f"({self.named(self.value(left))} is {'' if e.op == '=' else 'not '}None)"
            case op, (left, right) if op in SIGNS:
                a, b = self.values((left, right), lambda x: self._operand(e, x))
                return f"({a} {SIGNS[op]} {b})"
            case "in", (value, ir.Prim(op=family, args=(a, b))) if family in MEMBERS:
                return f"in_{family}({', '.join(self.values((value, a, b)))})"
            case "in", (value, of):
                return self._in(value, of)
            case "index", (of, key):
                return self._index(of, key)
            case "key", (queue, element):
                return f"{self.queues[self.value(queue)][1]}[{self.stored(element)}]"
            case (("min" | "max" as op), (_, _, *_)):
                return f"{op}({', '.join(self.values(e.args))})"
            case (("min" | "max" as op), (of,)):
                values = self.held(self._each(of, any_order=not self.heavy(of)) if isinstance(of, ir.Each) else self.value(of))
                return f"({op}({values}) if {values} else nothing())"
            case _, (inner,):
                return self._unary(e.op, inner) or self._asked(e)
            case "union", (left, right):
                a, b = self.values((left, right))
                return f"[*{a}, *{b}]" if isinstance(e.sort, t.List) else f"{{**{a}, **{b}}}"
            case "minus", (left, right):
                return self._minus(e, left, right)
            case _, (left, right) if e.op in BINARY:
                a, b = self.values((left, right), lambda x: self._operand(e, x))
                return f"{self.object(BINARY[e.op], 'do')}({a}, {b})"
        return self._asked(e)

    def _knowing(self, condition: ir.Expr, e: ir.Expr, *, holds: bool) -> str:
        with self.knowing(condition, holds=holds):
            return self.value(e)

    def _operand(self, e: ir.Prim, part: ir.Expr) -> str:
        """An operand, frozen where it is asked for as a part of others or compared with one."""
        plain = e.op in ("=", "!=") and all(_flat(a.sort) for a in e.args)
        asked = e.args.index(part) in FROZEN.get(e.op, ())
        return self.stored(part) if asked and not plain else self.value(part)

    def _unary(self, op: str, inner: ir.Expr) -> str | None:
        match op:
            case "size" | "count":
                return f"len({self.collection(inner)})"
            case "negate":
                return f"(-{self.value(inner)})"
            case "keys":
                return f"list({self.collection(inner)})"
            case "abs" | "sum" | "sorted":
                return f"{op}({self.value(inner)})"
            case "first" | "front":
                return f"do_first({self.collection(inner)})"
            case "best":
                queue = self.value(inner)
                return (
                    f"({queue}.best() if {self.queues[queue][0]} else nothing())"
                    if queue in self.queues
                    else f"do_best({queue})"
                )
            case "bests":
                return f"do_{op}({self.value(inner)})"
        return f"do_{op}({self.collection(inner)})" if op in UNARY else None

    def _minus(self, e: ir.Prim, left: ir.Expr, right: ir.Expr) -> str:
        """A difference; what is taken away need not have a value where there is nothing to take it from."""
        values = self.held(self.collection(left))
        gone, lines = self._later(lambda: self.held(self.collection(right)))
        rest = f"[v for v in {values} if v not in {gone}]"
        if not isinstance(e.sort, t.List):
            rest = f"{{k: v for k, v in {values}.items() if k not in {gone}}}"
        if not lines.lines:
            return rest
        name = self.fresh()
        self.out.add(f"{name} = {'[]' if isinstance(e.sort, t.List) else '{}'}")
        with self.out.block(f"if {values}:"):
            self.out.lines += lines.lines
            self.out.add(f"{name} = {rest}")
        return name

    def _later(self, make: Callable[[], str]) -> tuple[str, Lines]:
        """A text, and the statements that it needs, a block deeper."""
        with self.elsewhere(Lines(self.out.depth + 1)) as lines:
            text = make()
        return text, lines

    def _connective(self, op: str, first: str, rest: Sequence[ir.Expr]) -> str:
        """Connectives ask no more than decides."""
        for part in rest:
            text, lines = self._later(lambda part=part: self.value(part))  # type: ignore[misc]
            if not lines.lines:
                first = f"({text} if {first} else True)" if op == "=>" else f"({first} {op} {text})"
                continue
            name = self.fresh()
            self.out.add(f"{name} = {first}")
            with self.out.block(f"if {'not ' if op == 'or' else ''}{name}:"):
                self.out.lines += lines.lines
                self.out.add(f"{name} = {text}")
            if op == "=>":
                with self.out.block("else:"):
                    self.out.add(f"{name} = True")
            first = name
        return first

    def either(self, condition: str, then: Callable[[], str], otherwise: Callable[[], str]) -> str:
        """One of two values."""
        (a, before_a), (b, before_b) = self._later(then), self._later(otherwise)
        if not before_a.lines and not before_b.lines:
            return f"({a} if {condition} else {b})"
        name = self.fresh()
        for head, lines, text in ((f"if {condition}:", before_a, a), ("else:", before_b, b)):
            with self.out.block(head):
                self.out.lines += lines.lines
                self.out.add(f"{name} = {text}")
        return name

    def _fallback(self, left: ir.Expr, right: ir.Expr) -> str:
        name = self.fresh()
        match left:
            case ir.Prim(op="index", args=(of, key)) if isinstance(of.sort, t.Map) and not self.any_partial(of, key):
                self.out.add(f"{name} = {self.collection(of)}.get({self.stored(key)})")
            case _ if self.evaluator.partial(left):
                with self.out.block("try:"):
                    self.out.add(f"{name} = {self.value(left)}")
                with self.out.block("except NO_VALUE:"):
                    self.out.add(f"{name} = None")
            case _:
                self.out.add(f"{name} = {self.value(left)}")
        with self.out.block(f"if {name} is None:"):
            self.out.add(f"{name} = {self.value(right)}")
        return name

    def _key(self, key: ir.Expr, of: t.Sort) -> str:
        """A key or element that is looked for; where `none` cannot be one, it need not be told apart from what is not there."""
        never_none = isinstance(of, t.Collection) and not isinstance(of.element, (t.Optional, t.Anything))
        if isinstance(key, ir.Prim) and key.op == "the" and never_none:
            return self.stored(key.args[0])
        return self.stored(key)

    def _index(self, of: ir.Expr, key: ir.Expr) -> str:
        if isinstance(of.sort, t.List):
            values, at = self.values((of, key))
            return f"item({values}, {at})"
        values, at = self.values((of, key), lambda x: self.collection(x) if x is of else self._key(x, of.sort))
        return f"{values}[{at}]"

    # ------------------------------------------------------------ conditions
    def unless(self, e: ir.Expr, leave: str) -> None:
        """Leave where a condition does not hold: a rule that is broken, an element that is passed over."""
        match e:
            case ir.Prim(op="and", args=args):
                for part in args:
                    self.unless(part, leave)
                return
            case ir.Prim(op="=>", args=(premise, consequence)):
                with self.out.block(f"if {self.value(premise)}:"), self.knowing(premise, holds=True):
                    self.unless(consequence, leave)
                return
            case ir.Prim(op="if", args=(condition, then, otherwise)):
                with self.out.block(f"if {self.value(condition)}:"), self.knowing(condition, holds=True):
                    self.unless(then, leave)
                with self.out.block("else:"), self.knowing(condition, holds=False):
                    self.unless(otherwise, leave)
                return
            case ir.Call(function=f, args=args) if self.inline(f) and not self.any_partial(*args):
                with self.bound(dict(zip(f.parameters, map(self.held, self.values(args)), strict=True))):
                    self.unless(f.body, leave)
                return
            case ir.Prim(op=op) if op in CONNECTIVES:
                pass
            case _ if self.evaluator.partial(e):
                with self.out.block("try:"):
                    text = self._value(e)
                    with self.out.block(f"if not {text}:"):
                        self.out.add(leave)
                with self.out.block("except NO_VALUE:"):
                    self.out.add(leave)
                return
        with self.out.block(f"if not {self.value(e)}:"):
            self.out.add(leave)

    # ------------------------------------------------------------ membership
    def _in(self, value: ir.Expr, of: ir.Expr) -> str:
        if not self._taken_apart(of):
            a, b = self.values((value, of), lambda x: self.collection(x) if x is of else self._key(x, of.sort))
            return f"({a} in {b})"
        return self._member(self.held(self._key(value, of.sort)), of)

    def _taken_apart(self, of: ir.Expr) -> bool:
        """Whether membership in a collection can be asked without making it."""
        match of:
            case ir.Call(function=f):
                return self.inline(f) and self._taken_apart(f.body)
            case ir.Prim(op="if", args=(_, then, otherwise)):
                return self._taken_apart(then) or self._taken_apart(otherwise)
            case ir.Each(kind="list" | "set", head=(ir.Ref(symbol=symbol),), binding=ir.Binding(symbols=(bound,))):
                return symbol is bound and not self.heavy(of)
        return False

    def _member(self, value: str, of: ir.Expr) -> str:
        """Whether a value that has a name is in a collection."""
        match of:
            case ir.Call(function=f, args=args) if self._taken_apart(of):
                with self.bound(dict(zip(f.parameters, map(self.held, self.values(args)), strict=True))):
                    return self.held(self._member(value, f.body))
            case ir.Prim(op="if", args=(condition, then, otherwise)):
                return self.either(
                    self.value(condition), lambda: self._member(value, then), lambda: self._member(value, otherwise)
                )
            case ir.Each(binding=ir.Binding(symbols=(bound,), source=source, guard=guard)) if self._taken_apart(of):
                inside = self._member(value, source)
                with self.bound({bound: value}):
                    return self._connective("and", inside, conjuncts(guard))
        return f"({value} in {self.collection(of, any_order=True)})"


def _flat(sort: t.Sort) -> bool:
    """Whether values of the sort can be compared as they are: a set or map of values that hold no collections."""
    match sort:
        case t.Queue():
            return False
        case t.Map(element=element, value=value):
            return not t.compound(element) and not t.compound(value)
        case t.Set(element=element):
            return not t.compound(element)
    return not t.compound(sort)
