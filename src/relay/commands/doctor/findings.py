"""What one check finds: fine, worth knowing, or a reason for a run to fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from relay.util.errors import RelayError

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """The result of a check: its subject, its state, and what was seen with what to do."""

    check: str
    state: State
    finding: str


def ok(check: str, text: str) -> Finding:
    """Return a finding that nothing needs to be done about."""
    return Finding(check, "ok", text)


def warning(check: str, text: str) -> Finding:
    """Return a finding with which a run works, but with less or more slowly than it could."""
    return Finding(check, "warning", text)


def problem(check: str, text: str | RelayError) -> Finding:
    """Return a finding that would make a run fail; `text` has what to do."""
    return Finding(check, "problem", str(text))
