"""Portals: the Portal protocol, its dialects, and wrappers for dry runs."""
