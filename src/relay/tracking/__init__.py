"""Runs and artifacts: one interface, and the backends that implement it."""

from relay.tracking.backends import open_backend
from relay.tracking.interface import ArtifactVersion, Backend, Draft, Reference, Run, RunStatus

__all__ = ["ArtifactVersion", "Backend", "Draft", "Reference", "Run", "RunStatus", "open_backend"]
