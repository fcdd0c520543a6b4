"""Vietnamese public services from the command line: scan, sign, file and follow dossiers."""

__version__ = "0.1.0"
