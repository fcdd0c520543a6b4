"""The time zone that signatures are dated in."""

from __future__ import annotations

from datetime import timedelta, timezone

# Asia/Ho_Chi_Minh has had no change since 1975-06-13, so no time-zone database is needed (Windows has none).
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
