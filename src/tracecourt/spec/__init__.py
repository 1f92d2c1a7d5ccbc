"""The specification language: text → syntax tree → checked, typed system."""
