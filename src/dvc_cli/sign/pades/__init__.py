"""PDF signatures (PAdES, ETSI EN 319 142-1): writing, appearance, verifying. The only owner of pyHanko."""
