"""Sandbox portal, citizen side: dialect ``igate1`` as server-rendered pages (portal contract, section 1)."""
