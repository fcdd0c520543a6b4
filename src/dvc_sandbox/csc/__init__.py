"""An emulator of a remote signing service that speaks the CSC API v1 (Cloud Signature Consortium, 1.0.4.0).

Mounted on the port of the SmartCA emulator under `/csc/v1`. README.md says what is the standard's and what is assumed.
"""
