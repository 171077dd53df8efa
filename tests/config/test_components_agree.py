"""A component, its block of the pipeline and the settings fit together."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict
from pathlib import Path
from types import NoneType
from typing import get_args

import pytest
import yaml
from omegaconf import OmegaConf
from pydantic import BaseModel

from relay.config import compose as config
from relay.models.estimators import ModelSpec
from relay.models.keras_backend import BACKENDS
from relay.pipeline import plan
from relay.pipeline.planned_step import PlannedStep, make_planned_step
from relay.runtime.build_cost import read_cost
from relay.runtime.component import load_component
from relay.step.context import RunSettings
from relay.step.params import ARTIFACT_SUFFIX
from tests.loading import COMPONENTS, ROOT, SHIPPED

pytestmark = pytest.mark.additions
NAMES = sorted(path.parent.name for path in COMPONENTS.glob("*/MLproject"))
ENVIRONMENTS = sorted(path.parent for path in ROOT.glob("environments/*/requirements.in"))


def default_jobs(*overrides: str) -> list[PlannedStep]:
    """Every step that Relay brings, with the shipped settings."""
    loaded = config.load(ROOT / "config", ["predict.input=a.csv", *overrides], ROOT)
    the_plan = plan.build(loaded.settings.pipeline)
    return [
        make_planned_step(
            loaded, the_plan[name], load_component(COMPONENTS, the_plan[name].component)
        )
        for name in SHIPPED
    ]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_are_declared_in_the_code_alone(name: str) -> None:
    content = yaml.safe_load((COMPONENTS / name / "MLproject").read_text())
    assert content["entry_points"] == {"main": {"command": "PYTHONPATH=../../src python run.py"}}
    assert content["name"] == name


@pytest.mark.parametrize("name", NAMES)
def test_each_parameter_has_a_description_and_null_only_as_the_default(name: str) -> None:
    for parameter, field in load_component(COMPONENTS, name).params_type.model_fields.items():
        assert field.description, parameter
        if NoneType in get_args(field.annotation):  # null is handed on by leaving it out
            assert field.default is None, parameter


def test_the_pipeline_gives_what_each_component_takes() -> None:
    for job in default_jobs():
        given = {f"{key}{ARTIFACT_SUFFIX}" for key in (*job.step.inputs, *job.step.outputs)}
        fields = job.component.params_type.model_fields
        # A table is predicted instead of an artifact, and only series have a column of times.
        unset = {"predict": {"input_artifact"}, "clean": {"time"}}.get(job.name, set())
        assert given | set(job.params) == set(fields) - unset, job.name


def test_a_component_that_runs_alone_has_the_defaults_of_the_settings() -> None:
    """Settings list each key with its comment; `Params` is for `mlflow run components/NAME`."""
    table = ("data=table", "data.url=a.csv", "data.target=price")
    model = ("model=custom", "model._target_=sklearn.linear_model.Ridge")
    compared = set()
    for job in default_jobs(*table, *model):
        for name, field in job.component.params_type.model_fields.items():
            key = job.settings.get(name, "pipeline.")
            if field.is_required() or key.startswith(("pipeline.", "predict.input")):
                continue  # the step's wiring, and the file that is given above
            default = field.get_default(call_default_factory=True)
            value = default.model_dump(mode="json") if isinstance(default, BaseModel) else default
            assert (key, job.params[name]) == (key, value)
            compared.add(key)
    assert {"seed", "train.folds", "split.test_size", "data.check.drift"} <= compared


def test_a_model_by_its_class_alone_has_the_defaults_of_the_settings() -> None:
    settings = yaml.safe_load((ROOT / "config" / "model" / "custom.yaml").read_text())
    target = settings["_target_"] = "sklearn.linear_model.Ridge"
    assert ModelSpec(_target_=target).model_dump(mode="json") == settings


def test_a_component_that_runs_alone_is_tracked_as_the_settings_have_it() -> None:
    settings = yaml.safe_load((ROOT / "config" / "tracking" / "auto.yaml").read_text())
    alone = asdict(RunSettings.from_environ({}, default_step="train").tracking)
    assert {**alone, "tags": list(alone["tags"]), "group": None} == settings


def test_each_setting_is_read_by_a_step() -> None:
    base = config.load(ROOT / "config", [], ROOT).tree
    read = {key for job in default_jobs() for key in job.settings.values()}
    read |= {"data.name", "model", "predict.model", "predict.artifact", "data.read", "data.check"}
    sections = ("data", "data.read", "data.check", "split", "train", "evaluate", "register")
    settings = {
        f"{section}.{key}" for section in sections for key in OmegaConf.select(base, section)
    }
    assert settings <= read


@pytest.mark.parametrize("folder", [ROOT, *map(COMPONENTS.joinpath, NAMES), *ENVIRONMENTS], ids=str)
def test_an_environment_is_a_lock_with_hashes(folder: Path) -> None:
    conda = (folder / "conda.yml").read_text()
    assert yaml.safe_load(conda)["dependencies"][-1] == {"pip": ["-r requirements.txt"]}
    lock = (folder / "requirements.txt").read_bytes()
    assert f"# lock: {hashlib.sha256(lock).hexdigest()}\n" in conda, "run `make lock`"
    pins = re.findall(r"^[a-z0-9].*", lock.decode(), re.MULTILINE)
    assert pins
    assert all("==" in pin for pin in pins)
    assert lock.count(b"--hash=sha256:") >= len(pins)


def test_components_with_equal_locks_share_one_environment() -> None:
    shared: dict[str, set[Path]] = {}
    for name in NAMES:
        folder = COMPONENTS / name
        lock = (folder / "requirements.txt").resolve()
        shared.setdefault(lock.read_text(), set()).add(lock)
        assert (folder / "conda.yml").resolve().parent == lock.parent, name
    assert all(len(paths) == 1 for paths in shared.values()), "link to environments/NAME"


@pytest.mark.parametrize("name", NAMES)
def test_uv_is_set_up_alike_everywhere(name: str) -> None:
    assert (COMPONENTS / name / "uv.toml").read_text() == (ROOT / "uv.toml").read_text()


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_the_environment_of_an_engine_costs_is_measured(backend: str) -> None:
    cost = read_cost(ROOT / "environments" / f"keras_{backend}")
    assert cost is not None and cost.megabytes > 1000 and cost.seconds > 0


def test_all_locks_agree_on_versions() -> None:
    versions: dict[str, set[str]] = {}
    locks = [ROOT / "requirements.txt", ROOT / "requirements" / "dev.txt"]
    for lock in [*locks, *COMPONENTS.glob("*/requirements.txt")]:
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE):
            versions.setdefault(name, set()).add(version)
    assert {name: pins for name, pins in versions.items() if len(pins) > 1} == {}
