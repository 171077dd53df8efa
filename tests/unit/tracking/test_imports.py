"""What is not used is not imported: each of these costs every process its time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loading import ROOT

LOCAL = """
from relay.tracking import RunSpec, TrackingSettings, open_backend
from pathlib import Path
run = open_backend(TrackingSettings("local", "p"), Path(".")).start_run(RunSpec("1", "r", "r"))
run.finish("succeeded")
"""


LOOKING = """
from relay.tracking import TrackingSettings, open_backend
from pathlib import Path
open_backend(TrackingSettings("local", "p"), Path(".")).find("table:latest")
"""


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import relay.step.main", ["wandb", "trackio", "mlflow", "sklearn", "hydra"]),
        # Trackio takes its folder from the environment when it is loaded: not before a command
        ("import relay.commands.publish.command", ["wandb", "trackio"]),
        ("import relay.cli", ["wandb", "trackio", "mlflow", "sklearn"]),
        ("import relay.pipeline.orchestrator", ["wandb", "trackio", "mlflow", "numpy"]),
        ("import relay.pipeline.pipeline_run", ["wandb", "trackio", "mlflow", "numpy"]),
        (LOOKING, ["trackio", "wandb", "mlflow", "numpy"]),
        (LOCAL, ["wandb", "mlflow"]),
    ],
)
def test_what_is_not_used_is_not_imported(code: str, absent: list[str], tmp_path: Path) -> None:
    printed = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "TRACKIO_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert set(absent) & set(printed) == set()
