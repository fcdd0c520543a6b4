"""Nouns of the field: frozen dataclasses, enums and pure rules. No input or output."""
