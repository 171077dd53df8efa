"""A step's process on another machine, started by a command on this one."""

from __future__ import annotations

import contextlib
import os
import shlex
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from relay.runtime.engines import Engine
from relay.runtime.processes import GRACE_SECONDS, End, SpawnedProcess
from relay.runtime.usage import Usage
from relay.step.resources import Resources
from relay.tracking import remote

_LATE_SECONDS = 3.0
"""The time that a shared file system may take to show what was written elsewhere."""

_NAMES = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC"),
    *("MPLCONFIGDIR", "MPLBACKEND", "HF_HUB_DISABLE_TELEMETRY", "OMP_WAIT_POLICY"),
    *("PYTHONUNBUFFERED", "PYTHONIOENCODING", "PYTHONUTF8", "SLURM_CONF"),
)
_PREFIXES = ("RELAY_", "MLFLOW_", "TRACKIO_", remote.VARIABLES)


def needed_variables(environ: Mapping[str, str], more: Sequence[str]) -> dict[str, str]:
    """Return those of `environ` that a step on another machine needs, and those named in `more`."""
    return {
        name: value
        for name, value in environ.items()
        if name in _NAMES or name in more or name.startswith(_PREFIXES)
    }


def write_script(
    path: Path, command: str, cwd: Path, environ: Mapping[str, str], began: Path
) -> None:
    """Write a script for bash that sets `environ` and runs `command` in the folder `cwd`.

    The command line that starts a job then has no values, which other users could see, and no
    quotes, which ssh would lose. Only the owner may read the file.
    """
    lines = [
        f"cd -- {shlex.quote(str(cwd))} || exit 1",
        f": > {shlex.quote(str(began))}",
        *(f"export {name}={shlex.quote(value)}" for name, value in sorted(environ.items())),
        command,
    ]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as script:
        script.write("\n".join(lines) + "\n")


class EngineProcess(SpawnedProcess):
    """The command that starts `script` as `job` elsewhere, and waits for it.

    The end of the command's standard input is the step's signal to stop: signals to such commands
    end a step at once, or not at all. What the step has done is in its file `report` alone, as such
    commands end with 0 also if a machine is lost. The process has ended when the command has, and
    no part of the job is left.
    """

    is_elsewhere = True

    def __init__(
        self,
        engine: Engine,
        job: str,
        prefix: Sequence[str],
        script: Path,
        *,
        log: Path,
        began: Path,
        report: Path,
    ) -> None:
        self._engine, self._job = engine, job
        self._began, self._report = began, report
        self._began_at: float | None = None
        self._reported_at: float | None = None
        self._left_at: float | None = None
        self._has_cancelled = False
        self.explanation: str | None = None
        """Why the job ended before the step could report, if the engine knows."""
        super().__init__(
            [*prefix, "/bin/bash", str(script)], cwd=script.parent, env=engine.environ(), log=log
        )

    @property
    def usage(self) -> Usage:
        """Return the time since the step began, not that in a queue; it reports the rest itself."""
        if self._began_at is None:
            return Usage(0.0, 0.0, 0.0)
        return Usage((self._ended or time.monotonic()) - self._began_at, 0.0, 0.0)

    def _sample(self) -> None:
        """Note that the step has begun: the command's own memory is not the step's."""
        if self._began_at is None and self._began.exists():
            self._began_at = time.monotonic()

    def _ask(self) -> None:
        with contextlib.suppress(OSError):
            cast(BinaryIO, self._popen.stdin).close()
        if not self._began.exists():  # it may wait in a queue for hours
            self._cancel()

    def _kill(self) -> None:
        if self._popen.returncode is None:
            self._cancel()
        super()._kill()

    def _find_end(self) -> End | None:
        end, now = super()._find_end(), time.monotonic()
        has_report = self._report.is_file()
        if end is None:
            if has_report:  # the command hangs: it has lost the job, or the job's machine
                self._reported_at = self._reported_at or now
                if now > self._reported_at + GRACE_SECONDS:
                    self._kill()
            return None
        if has_report or self._has_cancelled:
            return end
        self._left_at = self._left_at or now
        if now < self._left_at + _LATE_SECONDS:
            return None
        self.explanation = self._engine.explain(self._job, self.tail(20))
        self._cancel()
        return end

    def _cancel(self) -> None:
        if not self._has_cancelled:
            self._has_cancelled = True
            self._engine.cancel(self._job)


@dataclass(frozen=True)
class Jobs:
    """The jobs of a run by an engine; their files are in `folder`, which all machines share."""

    engine: Engine
    folder: Path

    def report_path(self, name: str) -> Path:
        """Return the file into which the job for `name` writes its report."""
        return self.folder / "results" / f"{name}.json"

    def start(
        self,
        name: str,
        command: str,
        cwd: Path,
        environ: Mapping[str, str],
        own: Mapping[str, str],
        resources: Resources,
    ) -> EngineProcess:
        """Start a job for the step `name` that runs `command`, for bash, in the folder `cwd`.

        It gets its `own` variables, and those of `environ` that any step needs.
        """
        job = f"relay-{name}-{uuid.uuid4().hex[:12]}"
        script = self.folder / "tmp" / f"{name}.sh"
        began = self.report_path(name).with_suffix(".began")
        variables = {**needed_variables(environ, self.engine.variables), **own}
        write_script(script, command, cwd, variables, began)
        return EngineProcess(
            self.engine,
            job,
            self.engine.prefix(job, name, resources),
            script,
            log=self.folder / "logs" / f"{name}.log",
            began=began,
            report=self.report_path(name),
        )
