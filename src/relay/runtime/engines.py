"""The engines: how the command of a step is started on another machine, and how it is ended."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from relay.step.resources import Resources
from relay.util.errors import ConfigError, RelayError

_CANCEL_SECONDS = 60.0
"""The time after which a job that was cancelled is reported, not waited for."""
_OVER_MEMORY = re.compile(r"^(srun|slurmstepd).*(xceeded .*memory limit|oom[-_ ]?kill)")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


class Engine(Protocol):
    """A way to start commands on another machine, as jobs with names."""

    @property
    def variables(self) -> Sequence[str]:
        """Return the names of variables that steps get besides those that Relay needs."""

    def prefix(self, job: str, step: str, resources: Resources) -> list[str]:
        """Return the words before the command of `step`, which runs as `job`."""

    def environ(self) -> dict[str, str]:
        """Return the environment of the command that starts a job, on this machine."""

    def cancel(self, job: str) -> None:
        """End `job` if it runs or waits, and return when it has ended."""

    def explain(self, job: str, lines: Sequence[str]) -> str | None:
        """Return why `job` ended before its step could report, or None if that is not known.

        `lines` are the last ones of its log.
        """


@dataclass(frozen=True)
class CommandEngine:
    """A command that starts another one elsewhere: ssh, kubectl, a wrapper of yours."""

    command: Sequence[str]
    cancelling: Sequence[str] = ()
    variables: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not self.command:
            raise ConfigError(
                "engine.command: a value is required. Give the words before a step's command, such "
                "as 'engine.command=[ssh,node7]'."
            )
        _require_tool(self.command[0], "engine.command")

    def prefix(self, job: str, step: str, resources: Resources) -> list[str]:
        """Return the words, with `{job}`, `{step}` and the step's resources filled in.

        Raises ConfigError if a word names a resource that is not set.
        """
        values = {"job": job, "step": step, **_values(resources)}
        return [_fill(word, values, step) for word in self.command]

    def environ(self) -> dict[str, str]:
        return dict(os.environ)

    def cancel(self, job: str) -> None:
        if self.cancelling:
            words = [_fill(word, {"job": job}, job) for word in self.cancelling]
            _call(words, self.environ())

    def explain(self, job: str, lines: Sequence[str]) -> str | None:
        return None


@dataclass(frozen=True)
class SlurmEngine:
    """Slurm's `srun`: each step is a job of its own."""

    options: Sequence[str] = ()
    variables: Sequence[str] = ()

    def __post_init__(self) -> None:
        _require_tool("srun", "engine")

    def prefix(self, job: str, step: str, resources: Resources) -> list[str]:
        limits: list[str] = []
        if resources.cpus is not None:
            limits.append(f"--cpus-per-task={resources.cpus}")
        if resources.memory_mb is not None:
            limits.append(f"--mem={ceil(resources.memory_mb)}M")
        if resources.gpus:
            limits.append(f"--gres=gpu:{resources.gpus}")
        if resources.minutes is not None:
            # Relay itself stops the step in time. This is for a job that it has lost.
            limits.append(f"--time={ceil(resources.minutes) + 1}")
        if resources.queue is not None:
            limits.append(f"--partition={resources.queue}")
        return [
            *("srun", f"--job-name={job}", "--ntasks=1", "--nodes=1", "--export=NONE"),
            *limits,
            *self.options,
        ]

    def environ(self) -> dict[str, str]:
        # Within a job, these would make each step a part of that job.
        return {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("SLURM_") or name == "SLURM_CONF"
        }

    def cancel(self, job: str) -> None:
        _call(["scancel", f"--name={job}"], self.environ())
        deadline = time.monotonic() + _CANCEL_SECONDS
        while time.monotonic() < deadline and self._state(job, "--states=all") in _PRESENT:
            time.sleep(0.1)

    def explain(self, job: str, lines: Sequence[str]) -> str | None:
        state = self._state(job, "--states=all")
        if state == "OUT_OF_MEMORY" or any(map(_OVER_MEMORY.search, lines)):
            return "over memory: Slurm killed it"
        return _REASONS.get(state)

    def _state(self, job: str, *options: str) -> str:
        """Return Slurm's word for the state of `job`; empty if it does not know the job."""
        words = ["squeue", "--noheader", "--format=%T", f"--name={job}", *options]
        return _call(words, self.environ()).partition("\n")[0].strip()


_PRESENT = ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED")
"""The states of a job that has not ended."""

_REASONS = {
    "NODE_FAIL": "its node was lost. Run again: the steps that succeeded are cached",
    "TIMEOUT": "over time: Slurm stopped it at the time limit of its partition or job",
    "PREEMPTED": "Slurm stopped it in favour of another job. Run again",
    "CANCELLED": "its job was cancelled",
    "BOOT_FAIL": "its node did not start. Run again",
    "DEADLINE": "over time: Slurm stopped it at its deadline",
}


def _values(resources: Resources) -> dict[str, str]:
    values: Mapping[str, object] = {
        "cpus": resources.cpus,
        "memory_mb": None if resources.memory_mb is None else ceil(resources.memory_mb),
        "gpus": resources.gpus,
        "minutes": None if resources.minutes is None else ceil(resources.minutes),
        "queue": resources.queue,
    }
    return {name: str(value) for name, value in values.items() if value is not None}


def _fill(word: str, values: Mapping[str, str], step: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in values:
            key = "memory_gb" if name == "memory_mb" else name
            raise ConfigError(
                f"engine.command: {match[0]} has no value for step '{step}'. Set "
                f"pipeline.steps.{step}.resources.{key}, or remove it from the command. There is: "
                "{job}, {step}, {cpus}, {memory_mb}, {gpus}, {minutes}, {queue}."
            )
        return values[name]

    return _PLACEHOLDER.sub(value, word)


def _require_tool(name: str, key: str) -> None:
    if shutil.which(name) is None:
        raise RelayError(
            f"{key}: {name} is not installed on this machine. Install it, or start the run on a "
            "machine that has it."
        )


def _call(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """Run a command that looks at jobs or ends them, and return its output."""
    try:
        done = subprocess.run(
            list(words),
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_CANCEL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""  # what the step itself reports decides
    return done.stdout
