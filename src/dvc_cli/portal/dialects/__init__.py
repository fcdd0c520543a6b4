"""Dialects: what one family of portals speaks. They do not know each other."""
