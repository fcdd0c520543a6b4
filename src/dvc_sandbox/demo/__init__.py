"""The demonstration: scans that look real, and the guide's seven steps driven through the command line."""
