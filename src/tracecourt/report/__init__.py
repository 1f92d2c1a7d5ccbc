"""Reports as text and JSON. Nothing is decided here."""
