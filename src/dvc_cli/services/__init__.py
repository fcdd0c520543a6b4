"""Use cases: they take ports and return results."""
