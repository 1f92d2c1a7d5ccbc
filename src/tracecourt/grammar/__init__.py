"""Trace grammars: text → named items with raw arguments, and back."""
