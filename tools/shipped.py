"""What Relay brings itself; a project may add more, which Relay's own pages and tests leave out."""

from __future__ import annotations

COMPONENTS = ("get_data", "clean", "check", "split", "train", "evaluate", "register", "predict")
"""The folders in components/."""
