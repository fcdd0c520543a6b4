"""Scanners, cards, and the look at scans."""
