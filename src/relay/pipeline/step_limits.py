"""The limits of a step: whether this machine has what it asks for, and whether it exceeds them."""

from __future__ import annotations

import os
from collections.abc import Sequence

import psutil

from relay.config.schema import cores
from relay.pipeline.planned_step import PlannedStep
from relay.runtime.gpus import list_gpus
from relay.runtime.usage import Usage
from relay.util.errors import ConfigError

_MB = 1024 * 1024


def require_resources(planned_steps: Sequence[PlannedStep], *, in_containers: bool = False) -> None:
    """Check that this machine has the processors, the memory and the GPUs that each step asks for.

    A container is given no GPU.

    Raises ConfigError with a line for each limit that it cannot keep.
    """
    present = {"cpus": float(cores()), "memory_gb": psutil.virtual_memory().total / _MB / 1024}
    lines = []
    for planned in planned_steps:
        for name, most in present.items():
            wanted = getattr(planned.resources, name)
            if wanted is not None and wanted > most:
                key = _key(planned, name)
                lines.append(
                    f"{key}: this machine has {most:.4g} (got {wanted:g}). Run the step on another "
                    f"machine (engine=slurm, engine=command), or set {key}={most:.3g}."
                )
    with_gpus = [planned for planned in planned_steps if planned.resources.gpus]
    if in_containers:
        lines += [
            f"{_key(planned, 'gpus')}: steps in containers get no GPU (got "
            f"{planned.resources.gpus}). Run without containers (env_manager=uv), or set "
            f"{_key(planned, 'gpus')}=0."
            for planned in with_gpus
        ]
    elif with_gpus:
        lines += _missing_gpus(planned_steps, len(list_gpus(os.environ)))
    if lines:
        raise ConfigError("\n".join(lines))


def _missing_gpus(planned_steps: Sequence[PlannedStep], present: int) -> list[str]:
    return [
        f"{_key(planned, 'gpus')}: this machine has {present} (got {planned.resources.gpus}), as "
        "`nvidia-smi` and CUDA_VISIBLE_DEVICES list them. Run the step on another machine "
        f"(engine=slurm, engine=command), or set {_key(planned, 'gpus')}={present}."
        for planned in planned_steps
        if planned.resources.gpus > present
    ]


def find_excess(planned: PlannedStep, used: Usage) -> str | None:
    """Return the error of a running step that has exceeded a limit, or None."""
    minutes, memory_mb = planned.resources.minutes, planned.resources.memory_mb
    if minutes is not None and used.seconds > minutes * 60:
        key = _key(planned, "minutes")
        return (
            f"over time: stopped after {minutes:g} min, its limit ({key}). Raise the limit, or "
            "give the step less to do."
        )
    if memory_mb is not None and used.max_rss_mb > memory_mb:
        return over_memory(planned, f"{used.max_rss_mb / 1024:.2g} GB")
    return None


def over_memory(planned: PlannedStep, used: str) -> str:
    """Return the error of a step that held more memory than its limit; `used` is how much."""
    return (
        f"over memory: stopped with {used}, above its limit of {planned.resources.memory_gb:g} GB "
        f"({_key(planned, 'memory_gb')}). Raise the limit, or give the step less to do."
    )


def _key(planned: PlannedStep, name: str) -> str:
    return f"pipeline.steps.{planned.name}.resources.{name}"
