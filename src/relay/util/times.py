"""Times as texts."""

from __future__ import annotations

from datetime import UTC, datetime


def to_utc(stamp: str) -> str:
    """Return an ISO 8601 time, in UTC unless it has an offset, as `2026-01-31T12:30:00+00:00`."""
    moment = datetime.fromisoformat(stamp)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="seconds")
