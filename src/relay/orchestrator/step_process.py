"""One step's process: started ahead, told its inputs when they are there, and its end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from relay.errors import RelayError
from relay.orchestrator.jobs import Job
from relay.orchestrator.processes import Process, Usage
from relay.orchestrator.step_command import step_command
from relay.settings import RunSettings
from relay.start import Start, is_loaded, tell
from relay.step_result import StepResult, read_result
from relay.tracking import TrackingSettings


class StepProcess:
    """The process of `job`; what it writes is in `folder`.

    It is started with its inputs as the plan names them, and told their exact versions later.
    """

    def __init__(
        self, job: Job, folder: Path, tracking: TrackingSettings, activate: Sequence[str]
    ) -> None:
        self.job = job
        self.log = folder / "logs" / f"{job.name}.log"
        results, scratch = folder / "results", folder / "tmp"
        self.result_path = results / f"{job.name}.json"
        self.start_path = results / f"{job.name}.start.json"
        self._arguments = job.arguments(job.references)
        self._begun = False
        for path in (results, scratch):
            path.mkdir(exist_ok=True)
        settings = RunSettings(
            tracking, job.name, run_id="", result=self.result_path, start=self.start_path
        )
        try:
            self._process = Process(
                step_command(job.component, self._arguments, activate),
                cwd=job.component.folder,
                env={
                    **os.environ,
                    **settings.to_environ(),
                    "PYTHONUNBUFFERED": "1",
                    "TMPDIR": str(scratch),
                },
                log=self.log,
            )
        except OSError as error:
            raise RelayError(f"Step '{job.name}' could not be started: {error}") from error

    @property
    def is_loading(self) -> bool:
        """True while it loads what it needs."""
        return self._process.poll() is None and not is_loaded(self.start_path)

    def begin(self, arguments: Mapping[str, str], environ: Mapping[str, str]) -> None:
        """Let it begin its work with `arguments`, all of its parameters as text."""
        new = {key: text for key, text in arguments.items() if text != self._arguments[key]}
        self._begun = True
        self._process.restart_clock()
        # One that has ended already does not listen; its exit status and its log say why.
        with contextlib.suppress(BrokenPipeError):
            tell(Start(new, environ), self.start_path, self._process.stdin)

    def poll(self) -> int | None:
        """Its exit status (128 + n for signal n) once it has ended."""
        return self._process.poll()

    @property
    def usage(self) -> Usage:
        """What it has used: seconds since `begin`, the rest since it was started."""
        return self._process.usage

    @property
    def result(self) -> StepResult | None:
        """Its report, where it came to write one."""
        return read_result(self.result_path)

    @property
    def last_line(self) -> str:
        return "".join(self._process.tail(1))

    def ask_to_stop(self) -> None:
        """Send SIGTERM to all of its processes; `stop` waits for what comes of it."""
        self._process.ask_to_stop()

    def stop(self) -> None:
        """End it and all that it started; of one that had not begun, nothing is left."""
        self._process.stop()
        if not self._begun:
            self.log.unlink(missing_ok=True)
