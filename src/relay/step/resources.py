"""The resources of a step: what it gets, what it may not exceed, and what it used."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
)
"""The variables by which numeric libraries and joblib limit their threads and processes."""


class Resources(BaseModel):
    """The block `resources` of a step. They decide how a step runs, never what it makes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpus: int | None = Field(None, ge=1)
    memory_gb: float | None = Field(None, gt=0)
    """In units of 1,024 MB."""
    gpus: int = Field(0, ge=0)
    minutes: float | None = Field(None, gt=0)
    queue: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._,-]*$")
    """The partition or queue of a cluster."""

    @property
    def memory_mb(self) -> float | None:
        """Return the limit in the unit of `Usage.max_rss_mb`."""
        return None if self.memory_gb is None else self.memory_gb * 1024

    @property
    def needs_own_start(self) -> bool:
        """Return whether libraries read variables, as they are loaded, that only this step has."""
        return self.cpus is not None or self.gpus > 0

    def variables(self) -> dict[str, str]:
        """Return the environment variables that limit the threads of libraries to `cpus`."""
        return {} if self.cpus is None else dict.fromkeys(_THREADS, str(self.cpus))


@dataclass(frozen=True)
class Used:
    """What this process and its ended children have used so far."""

    cpu_seconds: float
    max_rss_mb: float


def measure_use() -> Used:
    """Return what this process has used, for an orchestrator that cannot see it."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return Used(
        own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime,
        max(own.ru_maxrss, children.ru_maxrss) / unit,
    )
