"""Runs and artifacts: one interface, and the backends that implement it."""

from relay.tracking.backends import open_backend
from relay.tracking.interface import (
    ArtifactVersion,
    Backend,
    Draft,
    OutageError,
    Row,
    Run,
    RunSpec,
    RunStatus,
    Table,
    Trial,
    UploadError,
)
from relay.tracking.references import Reference
from relay.tracking.settings import TrackingSettings

__all__ = [
    "ArtifactVersion",
    "Backend",
    "Draft",
    "OutageError",
    "Reference",
    "Row",
    "Run",
    "RunSpec",
    "RunStatus",
    "Table",
    "TrackingSettings",
    "Trial",
    "UploadError",
    "open_backend",
]
