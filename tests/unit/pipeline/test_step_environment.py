"""The environment of a step: its component's own, that of the pipeline file, or of a model."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from relay.config import compose as config
from relay.pipeline import plan
from relay.pipeline.cache import StepCache
from relay.pipeline.planned_step import PlannedStep, make_planned_steps
from relay.pipeline.preflight import Preflight
from relay.pipeline.run_state import RunState
from relay.tracking import ArtifactVersion
from relay.util.errors import ConfigError
from tests.loading import ROOT

MODEL = "diabetes_model:champion"


class Store:
    """A store with one model, made in the environment `environment` if that is given."""

    def __init__(self, environment: str | None = None) -> None:
        metadata = {"task": "regression", "target": "target"}
        metadata |= {} if environment is None else {"environment": environment}
        self.model = ArtifactVersion("diabetes_model", "v0", "model", "d", metadata=metadata)

    def find(self, reference: str) -> ArtifactVersion | None:
        return self.model if reference in (MODEL, "diabetes_model:v0") else None

    def find_damage(self, version: ArtifactVersion) -> None:
        return None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a project with one more environment, `deep`."""
    for name in ("config", "components", "environments"):
        shutil.copytree(ROOT / name, tmp_path / name, symlinks=True)
    environments = tmp_path / "environments"
    shutil.copytree(environments / "model", environments / "deep", symlinks=True)
    return tmp_path


def choose(root: Path, step: str, environment: str) -> Path:
    """Name an environment in the block of a step in the pipeline's file."""
    file = root / "config" / "pipeline" / "default.yaml"
    block = rf"(    component: {step}\n)(    environment: .*\n)?"
    chosen = rf"\1    environment: {environment}\n"
    file.write_text(re.sub(block, chosen, file.read_text()))
    return root


def job(root: Path, step: str, env_manager: str = "local") -> PlannedStep:
    words = [f"steps={step}", f"env_manager={env_manager}"]
    loaded = config.load(root / "config", words, root)
    return make_planned_steps(root / "components", loaded, plan.build(loaded.settings.pipeline))[0]


def in_a_run(root: Path, store: Any) -> PlannedStep:
    """Return `predict` as a run would start it, with the model in `store`."""
    words = ["steps=predict", "predict.input=main.py", "env_manager=uv"]
    loaded = config.load(root / "config", words, ROOT)
    built = plan.build(loaded.settings.pipeline)
    steps = make_planned_steps(root / "components", loaded, built)
    cache = StepCache(store, root, True, frozenset())
    state = RunState(built, steps, store, cache, Preflight(steps))
    state.settle()
    return state.waiting[0]


def test_it_is_that_of_the_component_unless_the_pipeline_file_names_another(root: Path) -> None:
    own, other = job(root, "train"), job(choose(root, "train", "deep"), "train")
    assert own.component.environment_folder == root / "components" / "train"
    assert other.component.environment_folder == root / "environments" / "deep"
    assert own.component.folder == other.component.folder


def test_an_unknown_one_is_an_error_that_suggests_the_nearest(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"^environments/dep: .*Did you mean 'deep'\?$"):
        job(choose(root, "train", "dep"), "train", "uv")


def test_its_lock_decides_the_outputs_in_place_of_the_components_own(root: Path) -> None:
    cache: Any = StepCache(Store(), root, True, frozenset())  # type: ignore[arg-type]
    own = cache.compute_fingerprint(job(root, "train"), {}).code
    other = cache.compute_fingerprint(job(choose(root, "train", "deep"), "train"), {}).code
    assert "components/train/requirements.txt" in own
    assert "components/train/requirements.txt" not in other
    assert "environments/deep/requirements.txt" in other
    assert own["components/train/run.py"] == other["components/train/run.py"]


def test_a_stored_model_names_the_one_that_can_load_it(root: Path) -> None:
    assert in_a_run(root, Store()).component.environment is None
    assert in_a_run(root, Store("deep")).component.environment == "deep"
    choose(root, "predict", "table")
    assert in_a_run(root, Store()).component.environment == "table"
    assert in_a_run(root, Store("deep")).component.environment == "deep"


def test_of_two_the_one_that_includes_the_other_is_taken(root: Path) -> None:
    (root / "environments" / "deep" / "requirements.in").write_text(
        "-r ../forecast/requirements.in\nkeras\n"
    )
    choose(root, "predict", "deep")
    assert in_a_run(root, Store("forecast")).component.environment == "deep"
    assert in_a_run(root, Store("model")).component.environment == "deep"
    assert in_a_run(root, Store("table")).component.environment == "table"


def test_a_model_whose_environment_is_missing_is_an_error(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"^environments/gone: there is no environment 'gone'"):
        in_a_run(root, Store("gone"))
