"""The CI workflow: every supported Python, and each component alone with what it requires."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest
import yaml

from relay.config import compose as config
from relay.pipeline import plan
from relay.runtime.component import load_component
from tests.loading import COMPONENTS, ROOT, SHIPPED


@pytest.mark.additions
def test_each_component_has_a_job_that_gives_what_it_requires() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    jobs = workflow["jobs"]["components"]["strategy"]["matrix"]["include"]
    components = {path.parent.name for path in COMPONENTS.glob("*/MLproject")}
    assert set(SHIPPED) <= {job["component"] for job in jobs} <= components
    loaded = config.load(ROOT / "config", [], ROOT)
    the_plan = plan.build(loaded.settings.pipeline)
    for job in jobs:
        words = shlex.split(job["arguments"])
        given = dict(word.split("=", 1) for word in words if word != "-P")
        component = load_component(COMPONENTS, job["component"])
        component.require_params(given, job["component"])
        component.params_type.model_validate(given)
        if job["before"]:
            assert plan.select(the_plan, job["before"])


def test_the_tests_run_on_each_python_that_the_project_names() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lowest, above = re.findall(r"3\.(\d+)", project["requires-python"])
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    pythons = workflow["jobs"]["checks"]["strategy"]["matrix"]["python"]
    assert pythons == [f"3.{minor}" for minor in range(int(lowest), int(above))]
