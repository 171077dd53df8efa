"""MLflow's model registry: one version for each model artifact, and aliases on versions."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlflow import MlflowClient, MlflowException
from mlflow.artifacts import list_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode

from relay import ArtifactVersion, RelayError
from relay.util.redact import redact

ARTIFACT_TAG, DIGEST_TAG = "relay.artifact", "relay.digest"
_FOLDER = "model"
_EXPERIMENT = "relay"
_LONGEST_DESCRIPTION = 5000  # characters; MLflow refuses more


class Registry:
    """The registered model `name` in the MLflow store at `tracking_uri`.

    Each method raises RelayError if MLflow fails.
    """

    def __init__(self, tracking_uri: str, name: str) -> None:
        # MLflow logs each table that it creates.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
        self._uri = tracking_uri
        self._client = MlflowClient(tracking_uri, registry_uri=tracking_uri)
        self.name = name

    def ensure(self, artifact: ArtifactVersion, folder: Path, run_id: str | None) -> str:
        """Return the version of the model artifact whose files are in `folder`; make it if missing.

        Its files are then logged into the MLflow run `run_id`, or a run of their own. A version
        appears only after all its files are stored.
        """
        with self._errors():
            self._ensure_name()
            existing = self._find(artifact)
            if existing is not None:
                return str(existing.version)
            run_id = run_id or self._new_run(str(artifact))
            # A folder of its own for each model: one run can register several.
            place = f"{_FOLDER}/{artifact.name}-{artifact.version}"
            self._client.log_artifacts(run_id, str(folder), place)
            created = self._client.create_model_version(
                self.name,
                source=f"{self._client.get_run(run_id).info.artifact_uri}/{place}",
                run_id=run_id,
                tags={ARTIFACT_TAG: str(artifact), DIGEST_TAG: artifact.digest},
                description=f"Artifact {artifact} of Relay.",
            )
            return str(created.version)

    def set_alias(self, alias: str, version: str) -> None:
        """Point `alias` at `version`, and away from any other version."""
        with self._errors():
            self._client.set_registered_model_alias(self.name, alias, version)

    def describe(self, version: str, text: str) -> None:
        """Set the description of `version` that people read in MLflow."""
        with self._errors():
            self._client.update_model_version(self.name, version, text[:_LONGEST_DESCRIPTION])

    def _ensure_name(self) -> None:
        try:
            self._client.create_registered_model(self.name)
        except MlflowException as error:
            if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
                raise

    def _find(self, artifact: ArtifactVersion) -> ModelVersion | None:
        """Return the newest version of `artifact` whose files still exist."""
        wanted = {ARTIFACT_TAG: str(artifact), DIGEST_TAG: artifact.digest}
        versions = self._client.search_model_versions(
            f"name = '{self.name}' and tags.`{DIGEST_TAG}` = '{artifact.digest}'"
        )
        for version in sorted(versions, key=lambda version: -int(version.version)):
            tagged = all(version.tags.get(key) == value for key, value in wanted.items())
            if tagged and version.current_stage != "Archived" and self._has_files(version):
                return version
        return None

    def _has_files(self, version: ModelVersion) -> bool:
        try:
            files = list_artifacts(artifact_uri=version.source, tracking_uri=self._uri)
        except (MlflowException, OSError):
            return False
        return any(Path(file.path).name == "MLmodel" for file in files)

    def _new_run(self, name: str) -> str:
        experiment = self._client.get_experiment_by_name(_EXPERIMENT)
        if experiment is not None:
            experiment_id = experiment.experiment_id
        else:
            experiment_id = self._client.create_experiment(_EXPERIMENT, files_beside(self._uri))
        run_id = str(
            self._client.create_run(experiment_id, run_name=f"register {name}").info.run_id
        )
        self._client.set_terminated(run_id)
        return run_id

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except MlflowException as error:
            raise RelayError(
                f"MLflow's registry at {redact(self._uri)} did not accept model '{self.name}': "
                f"{error.message}"
            ) from error


def files_beside(tracking_uri: str) -> str | None:
    """Return `mlruns` beside an SQLite store; None (MLflow's own choice) for other stores.

    MLflow itself would use `mlruns` in the working folder, which is the component's.
    """
    sqlite = re.match(r"^sqlite:///(?P<path>/.+)$", tracking_uri)
    return str(Path(sqlite["path"]).with_name("mlruns")) if sqlite else None
