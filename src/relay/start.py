"""A step's process is started ahead: it loads what it needs, then waits for its inputs.

The orchestrator writes what the step is to know into a file and a line to its standard input,
which stays open as long as the orchestrator lives.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from relay.files import write_text

_GO = b"\n"


@dataclass(frozen=True)
class Start:
    """What a step is told when its inputs are there."""

    arguments: Mapping[str, str] = field(default_factory=dict)
    """Parameters that were not known yet when the process was started."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Environment variables, likewise."""


def tell(start: Start, path: Path, stream: BinaryIO) -> None:
    """Let the step that waits at the other end of `stream` begin; OSError where it has gone."""
    write_text(path, json.dumps(asdict(start)))
    stream.write(_GO)
    stream.flush()


def is_loaded(path: Path) -> bool:
    """True once the step that will read `path` has loaded all it needs."""
    return _sign(path).exists()


def wait_for(path: Path) -> Start | None:
    """Say that everything is loaded, and wait to be told; None where nobody will."""
    _sign(path).touch()
    # The bare descriptor: what comes later is for whoever watches the other end.
    if os.read(0, len(_GO)) != _GO:
        return None
    return Start(**json.loads(path.read_text(encoding="utf-8")))


def _sign(path: Path) -> Path:
    return path.with_suffix(".loaded")
