"""MLflow's runs: that of the pipeline, and one per step below it."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow
from mlflow.entities import Metric, Param, RunTag
from sqlalchemy.exc import SQLAlchemyError

from relay.tracking.mlflow.owner import HOST, PROCESS, host, is_gone, owner_tags
from relay.util.disk import explain
from relay.util.errors import RelayError
from relay.util.redact import redact


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn MLflow's errors into RelayError."""
    try:
        yield
    except mlflow.MlflowException as error:
        problem = explain(error, [_place_of_store()])
        text = problem or redact(str(error.message))
        raise RelayError(f"MLFLOW_TRACKING_URI: MLflow refused the request: {text}") from error
    except SQLAlchemyError as error:
        problem = explain(error, [_place_of_store()])
        text = problem or redact(str(error).splitlines()[0])
        raise RelayError(f"MLFLOW_TRACKING_URI: MLflow's store failed: {text}") from error


def _place_of_store() -> Path:
    """Return the folder of an SQLite store."""
    return Path(os.environ.get("MLFLOW_TRACKING_URI", "").removeprefix("sqlite:///")).parent


EXPERIMENT = "relay"
"""The experiment of runs unless another one is set."""

_STATUS = {"succeeded": "FINISHED", "failed": "FAILED", "killed": "KILLED"}
_BATCH = 100  # parameters that MLflow takes at once
_MOST_METRICS = 800  # that it takes together with them
_GENERATED_NAME = re.compile(r"[a-z]+-[a-z]+-\d+")
"""The form of the names that MLflow makes for runs without one."""
_LONGEST_PARAM = 6000  # characters; MLflow refuses a longer value


class MlflowRuns:
    """Runs in the MLflow store at `tracking_uri`.

    Each method raises RelayError if MLflow refuses the request or its store fails.
    """

    def __init__(self, tracking_uri: str) -> None:
        # MLflow logs each table that it creates.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
        logging.getLogger("alembic").setLevel(logging.WARNING)
        self._client = mlflow.MlflowClient(tracking_uri)

    def open(self) -> None:
        """Connect; in a new SQLite store, this makes the tables."""
        self._client.search_experiments(max_results=1)

    @_errors()
    def experiment(self, name: str, artifact_location: str) -> str:
        """Return the id of experiment `name`; make it, with `artifact_location`, if it is new."""
        experiment = self._client.get_experiment_by_name(name)
        if experiment is None:
            try:
                return str(self._client.create_experiment(name, artifact_location))
            except mlflow.MlflowException:
                # A pipeline that began at the same time may have made it.
                experiment = self._client.get_experiment_by_name(name)
                if experiment is None:
                    raise
        return str(experiment.experiment_id)

    def chosen_experiment(self, environ: Mapping[str, str], artifact_location: str) -> str:
        """Return the id of the experiment that runs go into; make it if it is new.

        It is Relay's unless MLFLOW_EXPERIMENT_ID or MLFLOW_EXPERIMENT_NAME name another one, as for
        MLflow itself. Raises RelayError if no experiment has the id.
        """
        wanted = environ.get("MLFLOW_EXPERIMENT_ID")
        if not wanted:
            name = environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
            return self.experiment(name, artifact_location)
        try:
            return str(self._client.get_experiment(wanted).experiment_id)
        except mlflow.MlflowException as error:
            raise RelayError(
                f"MLFLOW_EXPERIMENT_ID: MLflow has no experiment with this id (got '{wanted}'). "
                "Set MLFLOW_EXPERIMENT_NAME instead, or unset it."
            ) from error

    def exists(self, run_id: str) -> bool:
        """Return whether the store has the run."""
        try:
            self._client.get_run(run_id)
        except mlflow.MlflowException:
            return False
        return True

    @_errors()
    def tags(self, run_id: str) -> dict[str, str]:
        """Return the tags of the run."""
        return dict(self._client.get_run(run_id).data.tags)

    @_errors()
    def params(self, run_id: str) -> dict[str, str]:
        """Return the parameters of the run."""
        return dict(self._client.get_run(run_id).data.params)

    @_errors()
    def experiment_of(self, run_id: str) -> str:
        """Return the id of the run's experiment."""
        return str(self._client.get_run(run_id).info.experiment_id)

    @_errors()
    def start(
        self,
        experiment_id: str,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        started: int | None = None,
    ) -> str:
        """Start a run, which belongs to this process, and return its id.

        `started` is its start in milliseconds since 1970; None: now.
        """
        all_tags = {**owner_tags(), **(tags or {})}
        if parent is not None:
            all_tags["mlflow.parentRunId"] = parent
        run = self._client.create_run(experiment_id, started, all_tags, name)
        run_id = str(run.info.run_id)
        self.log_params(run_id, params or {})
        return run_id

    @_errors()
    def record_whole(
        self,
        experiment_id: str,
        name: str,
        *,
        parent: str,
        tags: Mapping[str, str],
        params: Mapping[str, Any],
        rows: Sequence[Mapping[str, float]],
        status: str,
        started: int,
        ended: int,
    ) -> str:
        """Write a run that has ended already, in three requests, and return its id.

        `rows` are its metrics at steps 1, 2, ...; times are in milliseconds since 1970.
        """
        all_tags = {**owner_tags(), **tags, "mlflow.parentRunId": parent}
        run = self._client.create_run(experiment_id, started, all_tags, name)
        metrics = [
            Metric(key, value, ended, step)
            for step, row in enumerate(rows, start=1)
            for key, value in row.items()
        ]
        self._client.log_batch(
            run.info.run_id,
            metrics=metrics[-_MOST_METRICS:],
            params=[
                Param(key, redact(str(value))[:_LONGEST_PARAM]) for key, value in params.items()
            ][:_BATCH],
        )
        self._client.set_terminated(run.info.run_id, _STATUS[status], ended)
        return str(run.info.run_id)

    @_errors()
    def has_whole(self, experiment_id: str, tags: Mapping[str, str]) -> bool:
        """Return whether `record_whole` has written a run with these `tags`.

        What it left of one, as its process was killed, is deleted.
        """
        query = " and ".join(f"tags.`{key}` = '{value}'" for key, value in tags.items())
        whole = (_STATUS["succeeded"], _STATUS["failed"])
        found = self._client.search_runs([experiment_id], query)
        for run in found:
            if run.info.status not in whole:
                self._client.delete_run(run.info.run_id)
        return any(run.info.status in whole for run in found)

    @_errors()
    def take_over(self, run_id: str, name: str) -> None:
        """Make a run that MLflow has started belong to this process; replace a generated name."""
        run = self._client.get_run(run_id)
        self.tag(run_id, owner_tags())
        if name and _GENERATED_NAME.fullmatch(run.info.run_name or ""):
            self._client.update_run(run_id, name=name)

    @_errors()
    def log_params(self, run_id: str, params: Mapping[str, Any]) -> None:
        """Add parameters to the run; those that it has already stay as they are."""
        logged = self._client.get_run(run_id).data.params if params else {}
        new = [
            Param(key, redact(str(value))[:_LONGEST_PARAM])
            for key, value in params.items()
            if key not in logged
        ]
        for start in range(0, len(new), _BATCH):
            self._client.log_batch(run_id, params=new[start : start + _BATCH])

    @_errors()
    def log_metrics(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Add metrics to the run, at the present time."""
        now = int(time.time() * 1000)
        self._client.log_batch(
            run_id, metrics=[Metric(key, value, now, 0) for key, value in metrics.items()]
        )

    @_errors()
    def end_orphans(self) -> list[str]:
        """End the runs whose process on this host was killed, and return their names."""
        experiments = [experiment.experiment_id for experiment in self._client.search_experiments()]
        running = self._client.search_runs(
            experiments, f"attributes.status = 'RUNNING' and tags.`{HOST}` = '{host()}'"
        )
        gone = [run for run in running if PROCESS in run.data.tags and is_gone(run.data.tags)]
        for run in gone:
            self._client.set_terminated(run.info.run_id, _STATUS["killed"])
        return [str(run.info.run_name) for run in gone]

    @_errors()
    def tag(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Set tags of the run."""
        self._client.log_batch(run_id, tags=[RunTag(key, value) for key, value in tags.items()])

    @_errors()
    def log_file(self, run_id: str, path: str) -> None:
        """Store the file at `path` with the run."""
        self._client.log_artifact(run_id, path)

    @_errors()
    def record(
        self,
        run_id: str,
        *,
        inputs: Mapping[str, str],
        outputs: Mapping[str, str],
        metrics: Mapping[str, float],
        images: Mapping[str, str],
        url: str | None,
        recorded: int | None = None,
    ) -> None:
        """Write a step's metrics, pictures (paths) and artifact names into its run.

        `url` is the page of the step's run in the tracking backend, if it has one, and `recorded`
        the time of the metrics in milliseconds since 1970; None: now.
        """
        now = recorded or int(time.time() * 1000)
        tags = {f"relay.input.{key}": ref for key, ref in inputs.items()}
        tags |= {f"relay.output.{key}": ref for key, ref in outputs.items()}
        if url is not None:
            tags["wandb_url"] = url
        self._client.log_batch(
            run_id,
            metrics=[Metric(key, value, now, 0) for key, value in metrics.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )
        for path in images.values():
            self._client.log_artifact(run_id, path, "images")

    @_errors()
    def end(self, run_id: str, status: str, ended: int | None = None) -> None:
        """End the run; `status` is succeeded, failed or killed.

        `ended` is its end in milliseconds since 1970; None: now.
        """
        self._client.set_terminated(run_id, _STATUS[status], ended)
