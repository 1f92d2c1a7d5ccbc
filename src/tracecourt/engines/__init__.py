"""Engines decide events against a system; the interpreter is the reference."""
