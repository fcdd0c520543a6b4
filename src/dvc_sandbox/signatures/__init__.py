"""Signatures in the sandbox: an independent check of signed PDFs, and making them (agency's seal, SmartCA button)."""
