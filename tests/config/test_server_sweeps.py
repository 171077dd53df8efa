"""Each shipped sweep works on a server: what its agents start is a trial that can be scored."""

from __future__ import annotations

import random

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command_args

from relay.config.overrides import from_arguments
from relay.pipeline.server_trial import without_prefixes
from relay.sweep.scoring_step import ScoringStep
from relay.tracking import Trial
from relay.util.project import Project
from tests.loading import ROOT
from tests.wandb_server.search import sample

FOLDER = ROOT / "config" / "sweep"
NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
FORMS = ("args", "args_no_hyphens", "args_append_hydra", "args_override_hydra", "args_no_equals")
"""How the SDK's agent can write the parameters of a trial into its command."""


def planned_params(name: str, form: str) -> dict[str, object]:
    """Return the parameters of the scoring step in a trial of the sweep `name`."""
    content = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    params = sample(content["parameters"], random.Random(name))  # noqa: S311 - not for secrets
    command = {"args": {key: {"value": value} for key, value in params.items()}}
    words = from_arguments(create_sweep_command_args(command)[form])
    scoring_step = ScoringStep(Project(ROOT), without_prefixes(words, Trial("", "", params)), ROOT)
    return scoring_step.plan_step(scoring_step.plain).plain_params


@pytest.mark.parametrize("name", NAMES)
def test_a_trial_that_a_server_hands_out_is_one_of_the_scoring_step(name: str) -> None:
    assert planned_params(name, "args_no_hyphens")


@pytest.mark.parametrize("form", FORMS)
def test_its_parameters_may_be_written_in_any_form(form: str) -> None:
    assert planned_params("all", form) == planned_params("all", "args")
