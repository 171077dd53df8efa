"""The folders of a checkout, and the environment variables that keep tools inside it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from relay.util.errors import ConfigError, RelayError
from relay.util.paths import HOME, START, home_folder, start_folder

_RELATIVE_SQLITE = re.compile(r"^sqlite:///(?!/)(?P<path>.+)$")


@dataclass(frozen=True)
class Project:
    """One checkout of Relay; every path is absolute."""

    root: Path
    kept_in: Path | None = None
    """The folder for outputs and stores; None: the checkout."""

    @classmethod
    def at(cls, root: Path, environ: Mapping[str, str]) -> Project:
        """Return the checkout at `root`, with the folder for outputs and stores from `environ`."""
        return cls(root, home_folder(root, environ))

    @property
    def home(self) -> Path:
        """Return the folder of outputs, stores and caches."""
        return self.kept_in or self.root

    def require_home(self) -> None:
        """Check that the folder for outputs and stores exists.

        Raises ConfigError if RELAY_HOME names one that does not.
        """
        if not self.home.is_dir():
            raise ConfigError(
                f"{HOME}: there is no folder {self.home}. Make it, or name another folder."
            )

    @property
    def components(self) -> Path:
        """Return the folder of the components."""
        return self.root / "components"

    @property
    def config(self) -> Path:
        """Return the folder of the settings."""
        return self.root / "config"

    @property
    def outputs(self) -> Path:
        """Return the folder with a folder for each run."""
        return self.home / "outputs"

    @property
    def state(self) -> Path:
        """Return the folder of stores and caches, which belong to no single run."""
        return self.home / ".relay"

    @property
    def kept(self) -> Path:
        """Return the folder of runs whose upload failed."""
        return self.state / "kept"

    def tracking_uri(self, environ: Mapping[str, str]) -> str:
        """Return the URI of MLflow's store: MLFLOW_TRACKING_URI, else `mlflow.db` in `home`.

        A relative SQLite path is taken from `home`: `mlflow run` passes on one relative to where it
        was started, and a component starts in its own folder.
        """
        uri = environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
        relative = _RELATIVE_SQLITE.match(uri)
        return f"sqlite:///{self.home / relative['path']}" if relative else uri

    def variables(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables that keep every tool's files in `home`, and tools off the network.

        Those that `environ` has already stay as they are.
        """
        ours = {
            "TRACKIO_DIR": str(self.state / "trackio"),
            "WANDB_DIR": str(self.state / "wandb"),
            "WANDB_DATA_DIR": str(self.state / "wandb" / "data"),
            "WANDB_CACHE_DIR": str(self.state / "wandb" / "cache"),
            "MPLCONFIGDIR": str(self.state / "matplotlib"),
            "MPLBACKEND": "agg",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # else it waits 4 minutes for a lost server
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "WANDB_ERROR_REPORTING": "false",
            # Threads that wait without sleep slow boosting down many times on busy cores.
            "OMP_WAIT_POLICY": "passive",
        }
        chosen = {name: environ.get(name) or value for name, value in ours.items()}
        chosen["MLFLOW_TRACKING_URI"] = self.tracking_uri(environ)
        chosen[START] = str(start_folder(self.root, environ))
        chosen[HOME] = str(self.home)
        return chosen

    def prepare(self, environ: MutableMapping[str, str]) -> None:
        """Set `variables` in `environ`, and put the tools of this Python first on its PATH.

        `uv` and `python` are then those of this environment, activated or not.
        """
        environ.update(self.variables(environ))
        tools = str(Path(sys.executable).parent)
        environ["PATH"] = os.pathsep.join([tools, environ.get("PATH", os.defpath)])


def enclosing_project(start: Path) -> Project:
    """Return the checkout that contains the file or folder `start`.

    Raises RelayError if none does, ConfigError if RELAY_HOME names a folder that does not exist.
    """
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / "MLproject").is_file() and (folder / "components").is_dir():
            project = Project.at(folder, os.environ)
            project.require_home()
            return project
    raise RelayError(
        f"{start}: not inside a Relay project, as no folder above has MLproject and components/. "
        "Run the component in its folder in a checkout."
    )
