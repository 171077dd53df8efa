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


def test_the_workflows_for_users_cache_environments_by_their_locks() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pipeline.yml").read_text())
    steps = workflow["jobs"]["run"]["steps"]
    cache = next(step["with"] for step in steps if "actions/cache" in step.get("uses", ""))
    patterns = re.findall(r"'([^']+)'", cache["key"])
    locks = {path for pattern in patterns for path in ROOT.glob(pattern)}
    environments = set((ROOT / "environments").glob("*/requirements.txt"))
    assert environments | {ROOT / "requirements.txt"} <= locks
    assert "~/.mlflow/envs" in cache["path"]
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    assert all((ROOT / lock).is_file() for lock in gitlab["pipeline"]["cache"]["key"]["files"])


def test_the_workflows_for_users_run_commands_that_exist() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pipeline.yml").read_text())
    gitlab = yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text())
    commands = [step["run"] for step in workflow["jobs"]["run"]["steps"] if "run" in step]
    targets = re.findall(
        r"^make (\S+)", "\n".join([*commands, *gitlab["pipeline"]["script"]]), re.M
    )
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(targets) == {"setup", "run"}
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
    # Inputs are variables: as part of a script, they could be any command.
    assert not any("${{" in command for command in commands)
