"""The record of a sweep on disk: an Optuna journal, which several processes may share.

Each trial is claimed by one process before it is tried. If that process ends, another one, or the
same command later, takes the trial over with the same values. The folder may be on a file system
that several machines share, if that supports locks.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import optuna
from filelock import FileLock
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from relay.sweep.search import INCOMPLETE, Direction, Search, Settings
from relay.tracking.mlflow.owner import HOST, host, is_gone, owner_tags

JOURNAL = "journal.log"
_OWNER, _SETTINGS, _OUTCOME = "owner", "settings", "outcome"
"""Attributes of a trial."""
_LAG = "lag"
_FIRST = 3
"""From trial `lag` on, trials start when these first ones have ended, and are compared with them.
Otherwise, the defaults of costly models, which are the last ones, had few to be compared with."""
_SILENT_SECONDS = 60.0
"""A process of another machine counts as ended if it gives no sign of life for so long."""

Status = Literal["complete", "stopped", "failed"]
_STATES: Mapping[Status, TrialState] = {
    "complete": TrialState.COMPLETE,
    "stopped": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
_WORDS = {state: status for status, state in _STATES.items()}


@dataclass(frozen=True)
class Claim:
    """A trial that this process is to try."""

    number: int
    trial_id: int
    settings: Settings
    settled: Sequence[FrozenTrial]
    """The trials whose results may decide about this one: they have ended for certain."""


@dataclass(frozen=True)
class Ended:
    """A trial that has ended."""

    number: int
    status: Status
    settings: Settings
    value: float | None
    """The metric that is searched; of a stopped trial, after its last fold."""
    metrics: Mapping[str, float]
    rows: Sequence[Mapping[str, float]]
    """The metrics after each fold."""
    seconds: float
    error: str
    started: int = 0
    """Milliseconds since 1970."""
    ended: int = 0


class _Lock:
    """The journal's lock: the system releases it if the process that holds it is killed."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._lock = FileLock(journal.with_suffix(".lock"))

    def acquire(self) -> bool:
        """Wait for the lock; remove what a killed process has left of a line."""
        self._lock.acquire()
        _remove_half_line(self._journal)
        return True

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()


class Journal:
    """The trials of one sweep, in `folder`."""

    def __init__(self, folder: Path, name: str, direction: Direction, lag: int) -> None:
        (folder / "workers").mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._name = name
        self._claims = FileLock(folder / "claims.lock")
        path = folder / JOURNAL
        with self._claims:
            backend = JournalFileBackend(str(path), _Lock(path))  # type: ignore[arg-type]
            self._storage = JournalStorage(backend)
            study = optuna.create_study(
                storage=self._storage, study_name=name, direction=direction, load_if_exists=True
            )
            self._id = self._storage.get_study_id_from_name(name)
            if _LAG not in study.user_attrs:
                study.set_user_attr(_LAG, lag)
            self.lag = int(study.user_attrs[_LAG])
        self._owner = owner_tags()
        self._sign = folder / "workers" / _short_digest(self._owner)
        self._owner["sign"] = self._sign.name
        self._signed = 0.0
        self.give_sign()

    def give_sign(self) -> None:
        """Show, every few seconds, to the processes of other machines that this one lives."""
        if time.monotonic() > self._signed + _SILENT_SECONDS / 10:
            self._signed = time.monotonic()
            self._sign.touch()

    def close(self) -> None:
        """Take back the sign of life."""
        self._sign.unlink(missing_ok=True)

    def study(self) -> optuna.Study:
        """Return the study with all trials so far, to look at."""
        return optuna.load_study(study_name=self._name, storage=self._storage)

    def trials(self) -> list[FrozenTrial]:
        """Return all trials so far, in the order of their numbers."""
        return self._storage.get_all_trials(self._id, deepcopy=False)

    def claim(self, search: Search, most: int | None) -> Claim | Literal["wait", "none"]:
        """Return the next trial for this process, of `most` trials in all.

        "wait": others must end first; "none": there are no more.
        """
        with self._claims:
            trials = self.trials()
            for trial in trials:
                if trial.state == TrialState.RUNNING and self._is_orphan(trial):
                    self._storage.set_trial_user_attr(trial._trial_id, _OWNER, self._owner)
                    return self._claim(trial, trials)
            number = len(trials)
            running = [trial for trial in trials if trial.state == TrialState.RUNNING]
            if most is not None and number >= most:
                return "wait" if running else "none"
            if any(trial.number <= self._last_known(number) for trial in running):
                return "wait"
            proposal = search.propose(number, trials)
            trial = create_trial(
                state=TrialState.RUNNING,
                params=dict(proposal.params),
                distributions=dict(proposal.distributions),
                user_attrs={
                    _OWNER: self._owner,
                    _SETTINGS: proposal.settings,
                    INCOMPLETE: not proposal.is_complete,
                },
            )
            trial_id = self._storage.create_new_trial(self._id, template_trial=trial)
            settled = _settled(trials, self._last_known(number))
            return Claim(number, trial_id, proposal.settings, settled)

    def report(self, claim: Claim, fold: int, value: float) -> list[float]:
        """Record `value` of a trial after `fold`; return those of settled trials."""
        self._storage.set_trial_intermediate_value(claim.trial_id, fold, value)
        return [
            trial.intermediate_values[fold]
            for trial in claim.settled
            if fold in trial.intermediate_values
        ]

    def finish(
        self,
        claim: Claim,
        status: Status,
        value: float | None,
        rows: Sequence[Mapping[str, float]],
        seconds: float,
        error: str = "",
    ) -> Ended:
        """Record the end of a trial and return it; of two ends, the first one counts."""
        outcome = {"rows": list(rows), "seconds": round(seconds, 4), "error": error}
        values = None if value is None or status == "failed" else [value]
        if status == "stopped" and values is None:
            status = "failed"  # Optuna takes a stopped trial for one with a result
        # another process may have taken it for orphaned, and ended it as well
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
            self._storage.set_trial_user_attr(claim.trial_id, _OUTCOME, outcome)
            self._storage.set_trial_state_values(claim.trial_id, _STATES[status], values)
        return _ended(self._storage.get_trial(claim.trial_id))

    def ended(self) -> list[Ended]:
        """Return all trials that have ended, in the order of their numbers."""
        return [_ended(trial) for trial in self.trials() if trial.state in _WORDS]

    def orphaned(self) -> list[Ended]:
        """Return the trials that have ended, and whose process has ended since."""
        return [
            _ended(trial)
            for trial in self.trials()
            if trial.state in _WORDS and self._is_orphan(trial)
        ]

    def is_complete(self, most: int | None) -> bool:
        """Return whether `most` trials have ended."""
        return most is not None and len(self.ended()) >= most

    def _last_known(self, number: int) -> int:
        """Return the number of the last trial that has ended for certain when `number` starts."""
        last = number - self.lag
        return last if last < 0 else max(last, min(self.lag, _FIRST) - 1)

    def _claim(self, trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> Claim:
        settled = _settled(trials, self._last_known(trial.number))
        settings = dict(trial.user_attrs[_SETTINGS])
        return Claim(trial.number, trial._trial_id, settings, settled)

    def _is_orphan(self, trial: FrozenTrial) -> bool:
        """Return whether the process that claimed `trial` has ended."""
        owner = trial.user_attrs[_OWNER]
        if owner[HOST] == host():
            return bool(is_gone(owner))
        sign = self.folder / "workers" / owner["sign"]
        try:
            # both times are of the shared file system, whatever the machines' clocks show
            return bool(self._sign.stat().st_mtime > sign.stat().st_mtime + _SILENT_SECONDS)
        except FileNotFoundError:
            return True


def _short_digest(values: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def _settled(trials: Sequence[FrozenTrial], last: int) -> list[FrozenTrial]:
    return [trial for trial in trials if trial.number <= last]


def _ended(trial: FrozenTrial) -> Ended:
    outcome = trial.user_attrs.get(_OUTCOME, {})
    rows = outcome.get("rows", [])
    return Ended(
        trial.number,
        _WORDS[trial.state],
        dict(trial.user_attrs[_SETTINGS]),
        trial.value,
        rows[-1] if rows else {},
        rows,
        outcome.get("seconds", 0.0),
        outcome.get("error", ""),
        _milliseconds(trial.datetime_start),
        _milliseconds(trial.datetime_complete),
    )


def _milliseconds(moment: datetime | None) -> int:
    return 0 if moment is None else round(moment.timestamp() * 1000)


def _remove_half_line(path: Path) -> None:
    """Remove the end of the file `path` that is not a whole line."""
    with path.open("rb+") as file:
        for start in _blocks_from_end(file.seek(0, 2)):
            file.seek(start)
            place = file.read().rfind(b"\n")
            if place >= 0 or start == 0:
                file.truncate(start + place + 1)
                return


def _blocks_from_end(size: int) -> Iterator[int]:
    """Yield places from which to look for the last line, each further from the end."""
    block = 4096
    while block < size:
        yield size - block
        block *= 16
    yield 0


@contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna's own messages off the console."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
