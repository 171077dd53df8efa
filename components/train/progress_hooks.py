"""What a training reports while it goes on: the losses of epochs, and the time of its phases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from relay.models.libraries.interface import Progress, no_progress

Phase = Callable[[str], AbstractContextManager[None]]
"""Measures a block, by the name of its phase."""


def no_phase(name: str) -> AbstractContextManager[None]:
    """Measure nothing."""
    return nullcontext()


@dataclass(frozen=True)
class ProgressHooks:
    """Takes the losses after each epoch, and measures the blocks of each phase."""

    progress: Progress = no_progress
    phase: Phase = no_phase


NO_HOOKS = ProgressHooks()
