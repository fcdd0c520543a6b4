"""Contract suites that every driver passes, for drivers of others too (extra `testing`)."""
