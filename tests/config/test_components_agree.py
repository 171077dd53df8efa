"""A component's MLproject, its parameters and its block of the pipeline say the same."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from relay.config import compose as config
from relay.pipeline import plan
from relay.runtime.component import load_component
from relay.step.params import ARTIFACT_SUFFIX, to_text
from tests.loading import COMPONENTS, ROOT

NAMES = sorted(path.parent.name for path in COMPONENTS.glob("*/MLproject"))


def mlproject(name: str) -> Any:
    return yaml.safe_load((COMPONENTS / name / "MLproject").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_mlproject_declares_the_parameters_of_the_code(name: str) -> None:
    component = load_component(COMPONENTS, name)
    fields = component.params_type.model_fields
    assert list(component.declared) == list(fields)
    for parameter, field in fields.items():
        default = component.declared[parameter]
        assert (default is None) == field.is_required(), parameter
        if default:
            assert default == to_text(field.default), parameter


@pytest.mark.parametrize("name", NAMES)
def test_the_command_hands_on_every_parameter(name: str) -> None:
    command = mlproject(name)["entry_points"]["main"]["command"]
    assert command.startswith("PYTHONPATH=../../src python run.py ")
    handed_on = re.findall(r"--(\w+)=\{(\w+)\}", command)
    assert handed_on == [(one, one) for one in load_component(COMPONENTS, name).declared]


def test_the_pipeline_gives_what_each_component_takes() -> None:
    loaded = config.load(ROOT / "config", [], ROOT)
    for step in plan.build(loaded.settings.pipeline).steps:
        spec = loaded.settings.pipeline[step.name]
        given = {f"{key}{ARTIFACT_SUFFIX}" for key in (*spec.inputs, *spec.outputs)}
        given |= set(spec.params)
        assert given == set(load_component(COMPONENTS, step.component).declared), step.name


@pytest.mark.parametrize("folder", [ROOT, *(COMPONENTS / name for name in NAMES)], ids=str)
def test_an_environment_is_a_lock_with_hashes(folder: Path) -> None:
    conda = (folder / "conda.yml").read_text()
    assert yaml.safe_load(conda)["dependencies"][-1] == {"pip": ["-r requirements.txt"]}
    lock = (folder / "requirements.txt").read_bytes()
    assert f"# lock: {hashlib.sha256(lock).hexdigest()}\n" in conda, "run `make lock`"
    pins = re.findall(r"^[a-z0-9].*", lock.decode(), re.MULTILINE)
    assert pins
    assert all("==" in pin for pin in pins)
    assert lock.count(b"--hash=sha256:") >= len(pins)


@pytest.mark.parametrize("name", NAMES)
def test_uv_is_set_up_alike_everywhere(name: str) -> None:
    assert (COMPONENTS / name / "uv.toml").read_text() == (ROOT / "uv.toml").read_text()


def test_all_locks_agree_on_versions() -> None:
    versions: dict[str, set[str]] = {}
    locks = [ROOT / "requirements.txt", ROOT / "requirements" / "dev.txt"]
    for lock in [*locks, *COMPONENTS.glob("*/requirements.txt")]:
        for name, version in re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}
