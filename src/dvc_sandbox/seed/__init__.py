"""Invented data of the sandbox: people, procedures, administrative units. Nothing here is a real person or firm."""
