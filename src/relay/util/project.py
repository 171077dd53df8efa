"""Where things are in a checkout, and the environment variables that keep tools inside it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from relay.util.errors import RelayError
from relay.util.paths import HOME, START, home_folder, start_folder

_RELATIVE_SQLITE = re.compile(r"^sqlite:///(?!/)(?P<path>.+)$")


@dataclass(frozen=True)
class Project:
    """One checkout of Relay; every path is absolute."""

    root: Path
    kept_in: Path | None = None
    """Where what is made is kept; None: in the checkout."""

    @classmethod
    def at(cls, root: Path, environ: Mapping[str, str]) -> Project:
        """The checkout at `root`, whose results are kept where `environ` and its place say."""
        return cls(root, home_folder(root, environ))

    @property
    def home(self) -> Path:
        """The folder of outputs, stores and caches."""
        return self.kept_in or self.root

    @property
    def components(self) -> Path:
        return self.root / "components"

    @property
    def config(self) -> Path:
        return self.root / "config"

    @property
    def outputs(self) -> Path:
        return self.home / "outputs"

    @property
    def state(self) -> Path:
        """Stores and caches that belong to no run."""
        return self.home / ".relay"

    @property
    def kept(self) -> Path:
        """Runs whose upload failed."""
        return self.state / "kept"

    def tracking_uri(self, environ: Mapping[str, str]) -> str:
        """Return MLflow's store: MLFLOW_TRACKING_URI, else `mlflow.db` in `home`.

        `mlflow run` hands on a path relative to where it was started; a component starts in its
        own folder, so a relative SQLite path is taken from `home`.
        """
        uri = environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
        relative = _RELATIVE_SQLITE.match(uri)
        return f"sqlite:///{self.home / relative['path']}" if relative else uri

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Variables that keep every tool's files inside `home` and off the network.

        Threads that wait without sleeping make boosting many times slower where others use the
        cores too. MLflow would go on asking a server that has gone for four minutes.

        What the caller has set already stays as it is.
        """
        ours = {
            "TRACKIO_DIR": str(self.state / "trackio"),
            "WANDB_DIR": str(self.state / "wandb"),
            "WANDB_DATA_DIR": str(self.state / "wandb" / "data"),
            "WANDB_CACHE_DIR": str(self.state / "wandb" / "cache"),
            "MPLCONFIGDIR": str(self.state / "matplotlib"),
            "MPLBACKEND": "agg",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "WANDB_ERROR_REPORTING": "false",
            "OMP_WAIT_POLICY": "passive",
        }
        chosen = {name: environ.get(name) or value for name, value in ours.items()}
        chosen["MLFLOW_TRACKING_URI"] = self.tracking_uri(environ)
        chosen[START] = str(start_folder(self.root, environ))
        chosen[HOME] = str(self.home)
        return chosen

    def prepare(self, environ: MutableMapping[str, str]) -> None:
        """Set `variables` in `environ`, and put the tools of this Python first on its PATH.

        So uv and python are those of this environment, activated or not.
        """
        environ.update(self.variables(environ))
        tools = str(Path(sys.executable).parent)
        environ["PATH"] = os.pathsep.join([tools, environ.get("PATH", os.defpath)])


def enclosing_project(start: Path) -> Project:
    """The checkout that `start` (a file or folder in it) belongs to; RelayError where none."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "MLproject").is_file() and (folder / "components").is_dir():
            return Project.at(folder, os.environ)
    raise RelayError(f"{start} is not inside a Relay project: no folder above has components/.")
