"""The flat engine: a system lowered to one function over integers, which runs in CPython and compiles to machine code."""
