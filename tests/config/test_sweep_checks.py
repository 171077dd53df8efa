"""A sweep is checked as a whole before its first trial, and its winner is an experiment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from relay.config import compose
from relay.config.files import ConfigFiles
from relay.config.overrides import override_for
from relay.pipeline import plan
from relay.pipeline.planned_step import make_planned_steps
from relay.sweep.checks import check_space
from relay.sweep.format import parse_sweep
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.search import Settings
from relay.sweep.space import Space, read_space
from relay.sweep.winner import experiment_text, write_experiment
from relay.util.errors import ConfigError, RelayError
from relay.util.project import Project
from tests.loading import COMPONENTS, ROOT

HEAD = "method: bayes\nmetric: {name: cv_score, goal: maximize}\nparameters:\n"


def scoring_step(*arguments: str) -> ScoringStep:
    return ScoringStep(Project(ROOT), arguments, ROOT)


def check(parameters: str, *arguments: str) -> list[Settings]:
    sweep = parse_sweep(HEAD + parameters, "name", "config/sweep/name.yaml")
    return check_space(sweep, space(parameters), scoring_step(*arguments))


def space(parameters: str) -> Space:
    options = ConfigFiles.read(ROOT / "config").option_names()
    return read_space(parse_sweep(HEAD + parameters, "name", "place"), options)


def test_the_values_without_the_sweep_are_those_of_the_files() -> None:
    forest = "  model.params: {parameters: {max_features: {min: 0.1, max: 1.0}}}\n"
    assert check(forest) == [{"model.params.max_features": 0.5}]
    models = (
        "  model: {values: [linear, xgboost]}\n"
        "  model.xgboost.params.max_depth: {min: 2, max: 9}\n"
        "  model.linear.scale: {values: [true, false]}\n"
    )
    assert check(models) == [
        {"model": "linear", "model.scale": True},
        {"model": "xgboost", "model.params.max_depth": 6},
    ]


def test_trials_run_in_the_environment_of_the_model_that_the_sweep_chooses() -> None:
    chosen = scoring_step()
    assert chosen.plan_step(chosen.config({"model": "mlp"})).component.environment == "keras_jax"
    assert chosen.plan_step(chosen.config({"model": "linear"})).component.environment is None


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ("model.params.max_dept: {min: 1, max: 9}", "no such parameter. Did you mean 'max_depth'?"),
        ("model.params.max_features: {min: 0.5, max: 2.0}", "Got 2.0 instead."),
        ("train.fold: {min: 2, max: 9}", "no such setting. Did you mean 'train.folds'?"),
        ("train.folds: {min: 2, max: 200}", "train.folds: must be at most 100 (got 200)."),
        ("seed: {value: -1}", "seed: must be at least 0 (got -1)."),
        ("model: {values: [random_forest, forest]}", "there is no 'forest' in config/model/."),
        ("split.test_size: {min: 0.1, max: 0.3}", "changes steps before train"),
        ("data: {values: [diabetes, pokemon]}", "data changes steps before train"),
        (
            "model: {values: [linear, mlp]}",
            "model changes the environment of train (the component's own, keras_jax)",
        ),
        ("evaluate.slices: {values: [[a], [b]]}", "evaluate.slices has no effect on train"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_the_line_of_its_parameter(parameter: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        check(f"  train.time_column: {{value: null}}\n  {parameter}\n")
    assert str(error.value).startswith("config/sweep/name.yaml: line 5: ")
    assert message in str(error.value)


def test_a_pipeline_without_a_scoring_step_cannot_be_swept() -> None:
    with pytest.raises(ConfigError, match=r"pipeline\.sweep: is not set"):
        check("  seed: {min: 1, max: 9}\n", "pipeline.sweep=null")
    with pytest.raises(ConfigError, match=r"there is no step 'trian'. Did you mean 'train'"):
        check("  seed: {min: 1, max: 9}\n", "pipeline.sweep.step=trian")


def test_a_sweep_decides_which_steps_run() -> None:
    with pytest.raises(ConfigError, match="steps: a sweep runs the steps that it needs"):
        scoring_step("steps=train")


@pytest.mark.parametrize(
    "settings",
    [
        {"model.params.max_depth": None, "model.params.max_features": "sqrt", "seed": 3},
        {"model": "elastic_net", "model.scale": False, "model.task_params": {"regression": {}}},
        {"model": "xgboost", "model.early_stopping": None, "train.folds": 3},
        {"model.name": "${data.name} forest"},
    ],
)  # fmt: skip
def test_a_trial_has_the_parameters_that_a_command_would_give_it(settings: Settings) -> None:
    swept = scoring_step("data=diabetes", "model.params.n_estimators=7")
    fast = swept.config(settings)
    overrides = [override_for(*item) for item in settings.items()]
    whole = compose.load(ROOT / "config", [*swept.arguments, *overrides], ROOT)
    assert swept.plan_step(fast).params == swept.plan_step(whole).params
    assert swept.config({}).section("model")["params"]["max_depth"] is None


@pytest.mark.parametrize(
    "overrides",
    [
        ["model=xgboost", "model.params.max_depth=3", "model.early_stopping=null"],
        ["experiment=quick", "data=pokemon", "data.url=https://example.com/pokemon.csv"],
        ["data=table", "data.url=sklearn://iris", "data.target=target", "data.drop=[a,b]"],
        [
            "model={name: random_forest, params: {max_depth: 2}}",
            "jobs=1",
            "evaluate.thresholds.r2=0.4",
        ],
        ["model.name='${data.name} forest'", "tracking=local"],
    ],
)
def test_the_winner_is_the_same_as_an_experiment(overrides: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    config = compose.load(folder, overrides, ROOT)
    steps = make_planned_steps(COMPONENTS, config, plan.build(config.settings.pipeline))
    text = experiment_text(config, "The best of it.")
    write_experiment(folder / "experiment", "it-best", text)
    again = compose.load(folder, ["experiment=it-best"], ROOT)
    as_experiment = make_planned_steps(COMPONENTS, again, plan.build(again.settings.pipeline))
    assert [one.params for one in as_experiment] == [one.params for one in steps]
    assert "# The best of it." in text
    assert "tracking" not in text


def test_the_winner_of_an_earlier_sweep_is_kept(tmp_path: Path) -> None:
    path, kept = write_experiment(tmp_path, "it-best", "first")
    assert (path.name, kept) == ("it-best.yaml", None)
    assert write_experiment(tmp_path, "it-best", "first") == (path, None)
    for number, text in ((1, "second"), (2, "third")):
        assert write_experiment(tmp_path, "it-best", text) == (
            path, tmp_path / f"it-best-{number}.yaml"
        )  # fmt: skip
    assert path.read_text() == "third"
    assert (tmp_path / "it-best-1.yaml").read_text() == "first"
    assert (tmp_path / "it-best-2.yaml").read_text() == "second"


def test_a_relative_path_leads_to_the_same_file_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a,b\n1,2\n")
    config = compose.load(
        ROOT / "config", ["data=table", "data.url=mine.csv", "data.target=b"], tmp_path
    )
    make_planned_steps(COMPONENTS, config, plan.build(config.settings.pipeline))
    assert f"url: {tmp_path / 'mine.csv'}" in experiment_text(config, "It.")


def test_a_removed_setting_cannot_be_part_of_an_experiment() -> None:
    config = compose.load(ROOT / "config", ["~evaluate.slices"], ROOT)
    with pytest.raises(RelayError, match="an experiment cannot remove a setting"):
        experiment_text(config, "It.")
