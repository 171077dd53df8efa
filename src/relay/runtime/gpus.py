"""The GPUs of this machine: which step has which, and what it uses of them.

They are listed and sampled by `nvidia-smi`, which comes with the driver; nothing is started unless
a step asks for a GPU.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, cast

VISIBLE = "CUDA_VISIBLE_DEVICES"
_TOOL = "nvidia-smi"
_SECONDS = 30.0


@dataclass(frozen=True)
class GpuUse:
    """What a step has used of its GPUs, as sampled once a second."""

    percent: float
    """The mean share of time in which its GPUs were at work."""
    memory_mb: float
    """The most memory that was used on all of them at once."""


def list_gpus(environ: Mapping[str, str]) -> list[str]:
    """Return the ids of the GPUs that steps may have: those that `environ` makes visible.

    None without a driver.
    """
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(
            [_TOOL, "--query-gpu=index,uuid", "--format=csv,noheader"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=True,
        )
        rows = [line.split(",") for line in done.stdout.splitlines() if "," in line]
        ids = {index.strip(): uuid.strip() for index, uuid in rows}
        if VISIBLE not in environ:
            return list(ids.values())
        words = [word.strip() for word in environ[VISIBLE].split(",")]
        return [ids.get(word, word) for word in words if word in ids or word in ids.values()]
    return []


class GpuSampler:
    """Samples the GPUs with these `ids` until `end`."""

    def __init__(self, ids: Sequence[str]) -> None:
        self._count = len(ids)
        self._rows: list[tuple[float | None, float | None]] = []
        """Share and memory of one GPU after the other; None: the device does not report it."""
        # It writes to a pipe: if this process is killed, its next line ends it.
        self._popen = subprocess.Popen(
            [
                *(_TOOL, f"--id={','.join(ids)}", "--query-gpu=utilization.gpu,memory.used"),
                *("--format=csv,noheader,nounits", "--loop=1"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._thread = threading.Thread(target=self._read, name="gpu-sampler", daemon=True)
        self._thread.start()

    def end(self) -> GpuUse | None:
        """Stop, and return what was used, or None if nothing was sampled."""
        self._popen.kill()
        self._popen.wait()
        self._thread.join()
        shares = [share for share, _ in self._rows if share is not None]
        memory = [used for _, used in self._rows]
        if not shares or not any(used is not None for used in memory):
            return None
        samples = (
            memory[first : first + self._count] for first in range(0, len(memory), self._count)
        )
        most = max(sum(used for used in sample if used is not None) for sample in samples)
        return GpuUse(sum(shares) / len(shares), most)

    def _read(self) -> None:
        with cast(IO[str], self._popen.stdout) as lines:
            for line in lines:
                share, _, memory = line.partition(",")
                self._rows.append((_to_number(share), _to_number(memory)))


def _to_number(text: str) -> float | None:
    """Return the number that `text` is, or None: some devices do not report one ("[N/A]")."""
    try:
        return float(text)
    except ValueError:
        return None


@dataclass
class StepGpus:
    """The GPUs that the running steps of a run have."""

    _free: list[str] | None = None
    _taken: dict[str, list[str]] = field(default_factory=dict)
    _samplers: dict[str, GpuSampler] = field(default_factory=dict)

    def reserve(self, step: str, count: int) -> bool:
        """Give `step` as many GPUs as `count`, if they are free; return whether it has them."""
        if count == 0 or step in self._taken:
            return True
        if self._free is None:
            self._free = list_gpus(os.environ)
        if len(self._free) < count:
            return False
        self._taken[step], self._free = self._free[:count], self._free[count:]
        return True

    def begin(self, step: str) -> dict[str, str]:
        """Begin to sample the GPUs of `step`, if it has any; return its variables."""
        ids = self._taken.get(step)
        if ids is None:
            return {}
        with contextlib.suppress(OSError):
            self._samplers[step] = GpuSampler(ids)
        return {VISIBLE: ",".join(ids)}

    def end(self, step: str) -> GpuUse | None:
        """Take the GPUs of `step` back, and return what it has used of them, if that is known."""
        if step in self._taken and self._free is not None:
            self._free += self._taken.pop(step)
        sampler = self._samplers.pop(step, None)
        return None if sampler is None else sampler.end()
