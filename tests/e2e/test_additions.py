"""What the docs tell users to add leaves the project's own tests as they were."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Checkout, new_checkout

pytestmark = pytest.mark.e2e

PARAMS = '''"""Parameters of drift."""

from __future__ import annotations

from pydantic import Field

from relay.step.params import Params as BaseParams


class Params(BaseParams):
    """Parameters of drift."""

    input_artifact: str = Field(description="the table to look at")
    drift_artifact: str = Field("drift", description="name of the report")
    threshold: float = Field(0.2, gt=0, description="largest index that passes")
'''
BLOCK = """
  drift:
    component: drift
    inputs: {input: clean.clean}
    outputs:
      drift: {name: "${data.name}_drift", type: drift_report}
    settings: [drift]
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return a project with a step and a data set of its user's."""
    pages = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs")
    settings = ("pyproject.toml", "Makefile", ".gitignore", ".github", "requirements")
    more = ("tests", "tools", "benchmarks", *pages, *settings)
    checkout = new_checkout(tmp_path_factory.mktemp("own") / "relay", more)
    root = checkout.root
    drift = root / "components" / "drift"
    shutil.copytree(root / "components" / "split", drift, symlinks=True)
    (drift / "params.py").write_text(PARAMS)
    project = (drift / "MLproject").read_text()
    (drift / "MLproject").write_text(project.replace("name: split", "name: drift"))
    append(root / "config" / "pipeline" / "default.yaml", BLOCK)
    append(root / "config" / "config.yaml", "\ndrift: {threshold: 0.2}\n")
    done = checkout.command(sys.executable, "-m", "tools.reference", PYTHONPATH="src")
    assert done.status == 0, done.output
    table = root / "sales.csv"
    table.write_text("a,b\n" + "".join(f"{number},{number % 7}\n" for number in range(40)))
    done = checkout.command(sys.executable, "main.py", "new-data", "sales", "--from", str(table))
    assert done.status == 0, done.output
    return checkout


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_the_tests_of_the_configuration_still_pass(own: Checkout) -> None:
    assert "target: ???" in (own.root / "config" / "data" / "sales.yaml").read_text()
    words = ("-m", "pytest", "-v", "--numprocesses=0", "-m", "additions", "tests/config")
    done = own.command(sys.executable, *words)
    assert done.status == 0, done.output
    assert "test_parameters_are_declared_in_the_code_alone[drift]" in done.output


def test_a_step_without_a_lock_is_an_error_with_the_command_to_make_one(own: Checkout) -> None:
    (own.root / "components" / "drift" / "requirements.txt").unlink()
    done = own.main("steps=drift", env_manager="uv")
    assert done.status == 2
    assert "components/drift/requirements.txt: the lock is missing" in done.output
    assert "`make lock`" in done.output
