"""The end of a step: its status, its message and its exit status."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.tracking import RunStatus
from relay.util.disk import explain
from relay.util.errors import Interrupted, RelayError
from relay.util.redact import redact


@dataclass(frozen=True)
class End:
    """How something ended, with its exit status."""

    status: RunStatus
    message: str = ""
    exit_code: int = 0

    @classmethod
    def of(cls, error: BaseException, places: Sequence[Path] = ()) -> End:
        """Return the end that an error means; print the traceback if it is a bug's.

        `places` are the folders that were written to, for the message about a full disk.
        """
        if isinstance(error, Interrupted):
            return cls("killed", str(error), error.exit_code)
        if isinstance(error, RelayError):
            return cls("failed", redact(str(error)), error.exit_code)
        if problem := explain(error, places):
            return cls("failed", redact(problem), 1)
        traceback.print_exception(error)
        return cls("failed", redact(f"{type(error).__name__}: {error}"), 1)
