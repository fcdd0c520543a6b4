"""The SmartCA emulator: the five `sp769` calls, real signatures, and a "phone" page to approve them.

What goes beyond documented facts is labelled "assumed" in this folder's README.md.
"""
