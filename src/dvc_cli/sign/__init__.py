"""Signing: the Signer protocol, its drivers (token, PKCS#12, SmartCA) and the PAdES writer and verifier."""
