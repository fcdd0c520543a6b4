"""Commands translate: parse, call one use case, show one result."""
