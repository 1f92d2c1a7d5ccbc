"""What generated machine code is made of: reads and writes at addresses, without a look at bounds. Needs numba.

`grammar/bytecode.py` says what the functions mean. `pointer(array)` is an array without its length, which is not looked at.
"""

# mypy: ignore-errors
# numba and llvmlite have no types, and the functions' parameters are types of values
from __future__ import annotations

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

word = ir.IntType(64)


def constant(number: int):
    """A number of 64 bits."""
    return ir.Constant(word, number)


def spot(builder, array, index, kind):
    """The address at an offset of bytes, of a value of a kind."""
    return builder.inttoptr(builder.add(array, index), kind.as_pointer())


@intrinsic
def place(_, array):
    """`place(array)`: the address of an array, as the others take it."""

    def code(context, builder, signature, args):
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data
        return builder.ptrtoint(data, word)

    return types.int64(array), code


@intrinsic
def load1(_, __, ___):
    """`load1(b, i)`: the byte at an offset."""

    def code(context, builder, signature, args):
        return builder.zext(builder.load(spot(builder, args[0], args[1], ir.IntType(8))), word)

    return types.int64(types.int64, types.int64), code


@intrinsic
def load8(_, __, ___):
    """`load8(b, i)`: the eight bytes at an offset, the first one lowest."""

    def code(context, builder, signature, args):
        return builder.load(spot(builder, args[0], args[1], word), align=1)

    return types.int64(types.int64, types.int64), code


@intrinsic
def store(_, __, ___, ____, _____):
    """`store(tape, p, k, v)`: write the cell p + k."""

    def code(context, builder, signature, args):
        index = builder.add(args[1], args[2])
        builder.store(args[3], spot(builder, args[0], builder.shl(index, constant(3)), word))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), code


@intrinsic
def holds(_, __, ___, ____, _____):
    """`holds(b, i, low, high)`: whether the byte at an offset is in a set of ASCII bytes, given as two masks."""

    def code(context, builder, signature, args):
        byte = builder.zext(builder.load(spot(builder, args[0], args[1], ir.IntType(8))), word)
        mask = builder.select(builder.icmp_unsigned("<", byte, constant(64)), args[2], args[3])
        bit = builder.trunc(builder.lshr(mask, builder.and_(byte, constant(63))), ir.IntType(1))
        return builder.and_(bit, builder.icmp_unsigned("<", byte, constant(128)))

    return types.boolean(types.int64, types.int64, types.int64, types.int64), code


@intrinsic
def digits(_, __):
    """`digits(w)`: how many of eight bytes are digits before the first that is not."""

    def code(context, builder, signature, args):
        read = builder.xor(args[0], constant(0x3030303030303030))
        others = builder.and_(builder.or_(builder.add(read, constant(0x7676767676767676)), read), constant(0x8080808080808080))
        return builder.lshr(builder.cttz(others, ir.Constant(ir.IntType(1), 0)), constant(3))

    return types.int64(types.int64), code


@intrinsic
def spelled(_, __, ___):
    """`spelled(w, n)`: the number that the first n > 0 of eight digits spell."""

    def code(context, builder, signature, args):
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


@intrinsic
def pointer(_, array):
    """`pointer(array)`: an array without its length."""

    def code(context, builder, signature, args):
        return cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), code
