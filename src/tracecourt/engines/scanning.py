"""Byte scanners for typed arguments: how values of a sort are laid out in cells, and the machine code of a scanner."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from tracecourt.grammar.bytecells import Fields, Layout, Member, Number, Several
from tracecourt.grammar.bytecode import HELPER_NAMES, HELPERS, Scan
from tracecourt.grammar.bytepattern import NoByteScanner
from tracecourt.spec import sorts as t


def layout(sort: t.Sort, *, sets: bool = False) -> Layout:
    """How a value of a sort is laid out; with `sets`, a set as the list of its elements as they are printed.

    Raises:
        NoByteScanner: for a sort whose values are not numbers, members, or tuples and lists of them.
    """
    match sort:
        case t.Int() | t.Rational():
            return Number()
        case t.Bool():
            return Member(("false", "true"), 0)
        case t.Enum(members=members):
            return Member(members)
        case t.Tuple(fields=fields):
            return Fields(tuple(layout(inner, sets=sets) for _, inner in fields))
        case t.List(element=element):
            return Several(layout(element, sets=sets))
        case t.Set(element=element) if sets:
            return Several(layout(element, sets=sets))
    raise NoByteScanner(f"a value of the sort {sort} is not written as numbers")


def native(source: str, **options: Any) -> Scan:
    """The function of a scanner's source as machine code; `b` and `tape` must be arrays of uint8 and int64.

    Raises:
        ImportError: without numba.
    """
    numba: Any = import_module("numba")
    types = numba.types
    signature = types.int64(types.Array(types.uint8, 1, "C", readonly=True), types.int64, types.int64, types.int64[::1])
    scope = dict(_helpers())
    exec(source, scope)
    found: Scan = numba.njit([signature], **options)(scope["scan"])
    return found


@cache
def _helpers() -> dict[str, Any]:
    """What a scanner's source calls, as machine code."""
    numba: Any = import_module("numba")
    scope: dict[str, Any] = dict(_primitives())
    exec(HELPERS, scope)
    whole = numba.types.int64
    for name, results in HELPER_NAMES.items():
        written = scope[name]
        result = whole if results == 1 else numba.types.UniTuple(whole, results)
        signature = result(*[whole] * written.__code__.co_argcount)  # so that it is compiled once, and not for each constant
        scope[name] = numba.njit([signature], forceinline=not name.startswith("slow"))(written)
    return scope


def _primitives() -> dict[str, Callable[..., Any]]:
    """The functions that a scanner's source uses, as instructions of the machine."""
    ir: Any = import_module("llvmlite.ir")
    types: Any = import_module("numba").types
    cgutils: Any = import_module("numba.core.cgutils")
    intrinsic: Callable[[Callable[..., Any]], Any] = import_module("numba.extending").intrinsic
    word = ir.IntType(64)

    def constant(number: int) -> Any:
        return ir.Constant(word, number)

    def spot(builder: Any, array: Any, index: Any, kind: Any) -> Any:
        return builder.inttoptr(builder.add(array, index), kind.as_pointer())

    @intrinsic
    def place(_: Any, array: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            data = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data
            return builder.ptrtoint(data, word)

        return types.int64(array), code

    @intrinsic
    def load1(_: Any, __: Any, ___: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.zext(builder.load(spot(builder, args[0], args[1], ir.IntType(8))), word)

        return types.int64(types.int64, types.int64), code

    @intrinsic
    def load8(_: Any, __: Any, ___: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.load(spot(builder, args[0], args[1], word), align=1)

        return types.int64(types.int64, types.int64), code

    @intrinsic
    def store(_: Any, __: Any, ___: Any, ____: Any, _____: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            index = builder.add(args[1], args[2])
            builder.store(args[3], spot(builder, args[0], builder.shl(index, constant(3)), word))
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64, types.int64), code

    @intrinsic
    def holds(_: Any, __: Any, ___: Any, ____: Any, _____: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            byte = builder.zext(builder.load(spot(builder, args[0], args[1], ir.IntType(8))), word)
            mask = builder.select(builder.icmp_unsigned("<", byte, constant(64)), args[2], args[3])
            bit = builder.trunc(builder.lshr(mask, builder.and_(byte, constant(63))), ir.IntType(1))
            return builder.and_(bit, builder.icmp_unsigned("<", byte, constant(128)))

        return types.boolean(types.int64, types.int64, types.int64, types.int64), code

    @intrinsic
    def digits(_: Any, __: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            read = builder.xor(args[0], constant(0x3030303030303030))
            others = builder.and_(
                builder.or_(builder.add(read, constant(0x7676767676767676)), read), constant(0x8080808080808080)
            )
            return builder.lshr(builder.cttz(others, ir.Constant(ir.IntType(1), 0)), constant(3))

        return types.int64(types.int64), code

    @intrinsic
    def spelled(_: Any, __: Any, ___: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.xor(args[0], constant(0x3030303030303030))
            value = builder.shl(value, builder.sub(constant(64), builder.shl(args[1], constant(3))))
            for factor, shift, mask in (
                (10 * 2**8 + 1, 8, 0x00FF00FF00FF00FF),
                (100 * 2**16 + 1, 16, 0x0000FFFF0000FFFF),
                (10_000 * 2**32 + 1, 32, 0x00000000FFFFFFFF),
            ):
                value = builder.and_(builder.lshr(builder.mul(value, constant(factor)), constant(shift)), constant(mask))
            return value

        return types.int64(types.int64, types.int64), code

    return {
        "place": place,
        "load1": load1,
        "load8": load8,
        "store": store,
        "holds": holds,
        "digits": digits,
        "spelled": spelled,
    }
