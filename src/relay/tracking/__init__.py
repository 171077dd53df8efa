"""Runs and artifacts: one interface, and the backends that implement it."""

from relay.tracking.backends import open_backend
from relay.tracking.interface import (
    ArtifactVersion,
    Backend,
    BestTrial,
    Draft,
    OutageError,
    Row,
    Run,
    RunSpec,
    RunStatus,
    ServerSweep,
    Table,
    Trial,
    UploadError,
)
from relay.tracking.references import Reference
from relay.tracking.settings import TrackingSettings

__all__ = [
    "ArtifactVersion",
    "Backend",
    "BestTrial",
    "Draft",
    "OutageError",
    "Reference",
    "Row",
    "Run",
    "RunSpec",
    "RunStatus",
    "ServerSweep",
    "Table",
    "TrackingSettings",
    "Trial",
    "UploadError",
    "open_backend",
]
