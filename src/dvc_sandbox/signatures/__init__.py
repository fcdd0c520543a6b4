"""Signatures in the sandbox: an independent check of signed PDFs, and the making of them for the agency's seal and the SmartCA button."""
