"""The CI workflow runs each component alone, with the parameters that it requires."""

from __future__ import annotations

import shlex

import yaml

from relay.config import compose as config
from relay.pipeline import plan
from relay.runtime.component import load_component
from tests.loading import COMPONENTS, ROOT, SHIPPED


def test_each_component_has_a_job_that_gives_what_it_requires() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    jobs = workflow["jobs"]["components"]["strategy"]["matrix"]["include"]
    known = {path.parent.name for path in COMPONENTS.glob("*/MLproject")}
    assert set(SHIPPED) <= {job["component"] for job in jobs} <= known
    loaded = config.load(ROOT / "config", [], ROOT)
    the_plan = plan.build(loaded.settings.pipeline)
    for job in jobs:
        words = shlex.split(job["arguments"])
        given = dict(word.split("=", 1) for word in words if word != "-P")
        component = load_component(COMPONENTS, job["component"])
        component.require_declared(given, job["component"])
        component.params_type.model_validate(given)
        if job["before"]:
            assert plan.select(the_plan, job["before"])
