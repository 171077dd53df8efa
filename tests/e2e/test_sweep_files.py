"""W&B's own check of a sweep's file accepts those in config/sweep.

`wandb sweep` sends the file to the server, which checks it by the schema in W&B's package `sweeps`;
`wandb sweep --controller` does so here. The package needs an old NumPy, so it has an environment of
its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.loading import ROOT

CHECK = """
import json, sys, yaml
from sweeps.config import schema_violations_from_proposed_config as violations
print(json.dumps({path: violations(yaml.safe_load(open(path))) for path in sys.argv[1:]}))
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="its NumPy is older than this Python")
def test_the_schema_of_wandb_accepts_each_sweep(tmp_path: Path) -> None:
    files = [str(path) for path in sorted((ROOT / "config" / "sweep").glob("*.yaml"))]
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("method: bayes\nparameters: {a: {min: 1, maxx: 2}}\n")
    tool = str(Path(sys.executable).with_name("uv"))
    python = ["--isolated", "--no-project", "--python", sys.executable]
    uv = [tool, "run", *python, "--with", "sweeps==0.3.0"]
    done = subprocess.run(
        [*uv, "python", "-W", "ignore", "-c", CHECK, *files, str(wrong)],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    violations = json.loads(done.stdout)
    assert violations.pop(str(wrong))
    assert violations == {path: [] for path in files}
