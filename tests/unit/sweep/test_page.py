"""The page of a sweep shows what was tried and found, and asks for nothing outside of itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Literal

import optuna
import pytest
from optuna.trial import TrialState

from relay.sweep import charts
from relay.sweep.format import parse_sweep
from relay.sweep.page import PageFacts, Winner, sweep_page
from relay.sweep.space import Space, read_space

OPTIONS = {"model": ["linear", "random_forest", "xgboost"]}
ONE_MODEL = """
  model.params.max_depth: {min: 2, max: 20}
  model.params.max_features: {values: [sqrt, log2, null]}
"""
MODELS = """
  model: {values: [xgboost, random_forest]}
  model.xgboost.params.learning_rate: {distribution: log_uniform_values, min: 0.01, max: 0.3}
  model.xgboost.params.max_depth: {min: 2, max: 10}
  model.xgboost.params.subsample: {min: 0.5, max: 1.0}
  model.random_forest.params.max_features: {min: 0.1, max: 1.0}
"""
FACTS = PageFacts(
    name="forests",
    place="config/sweep/forests.yaml",
    method="bayes",
    metric="cv_score",
    command="./relay sweep forests --trials 20",
    seed=7,
    budget="20 trials",
)
Direction = Literal["minimize", "maximize"]
DIRECTIONS: tuple[Direction, ...] = ("maximize", "minimize")
Objective = Callable[[optuna.Trial], float]


@pytest.fixture(scope="module", autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture(scope="module")
def page(_quiet: None) -> str:
    """Return the page of 20 trials; the first is the best, without a parameter."""

    def objective(trial: optuna.Trial) -> float:
        return 2.0 if trial.number == 0 else of_forest(trial)

    return sweep_page(study(objective, 20), space(ONE_MODEL), FACTS)


def texts(study: optuna.Study, facts: PageFacts = FACTS) -> str:
    """Return a page of forests without the charts of parameters, which take seconds."""
    return sweep_page(study, space(ONE_MODEL), facts, is_whole=False)


def space(parameters: str) -> Space:
    text = f"method: bayes\nmetric: {{name: cv_score}}\nparameters:{parameters}"
    return read_space(parse_sweep(text, "forests", "config/sweep/forests.yaml"), OPTIONS)


def study(objective: Objective, count: int, direction: Direction = "maximize") -> optuna.Study:
    made = optuna.create_study(direction=direction, sampler=optuna.samplers.RandomSampler(seed=0))
    made.optimize(objective, count, catch=(ValueError,))
    return made


def of_forest(trial: optuna.Trial) -> float:
    depth = trial.suggest_int("model.params.max_depth", 2, 20)
    share = trial.suggest_categorical("model.params.max_features", ["sqrt", "log2", None])
    return depth / 20 + (share is None)


def of_models(trial: optuna.Trial) -> float:
    if trial.suggest_categorical("model", ["xgboost", "random_forest"]) == "random_forest":
        return trial.suggest_float("model.random_forest.params.max_features", 0.1, 1.0)
    rate = trial.suggest_float("model.xgboost.params.learning_rate", 0.01, 0.3, log=True)
    share = trial.suggest_float("model.xgboost.params.subsample", 0.5, 1.0)
    return 1 - rate * trial.suggest_int("model.xgboost.params.max_depth", 2, 10) + share / 1000


def headings(page: str) -> list[str]:
    return re.findall(r"<h[23]>(.*?)</h[23]>", page)


def test_the_page_shows_the_best_trials_and_the_parameters(page: str) -> None:
    assert headings(page) == [
        "The best 10 trials", "Course", "Best so far", "Time", "Parameters",
        "Which parameters matter", "max_features", "max_depth", "To make it again",
    ]  # fmt: skip
    assert "./relay sweep forests --trials 20" in page
    assert "config/sweep/forests.yaml" in page
    assert "<dt>Seed</dt><dd>7</dd>" in page


def test_the_time_of_a_trial_is_without_an_interruption() -> None:
    seconds = {number: 1000.5 + number for number in range(3)}
    page = texts(study(of_forest, 3), replace(FACTS, seconds=seconds))
    for shown in ("1,000 s", "1,002 s"):
        assert shown in page


def test_a_page_needs_nothing_but_itself(page: str) -> None:
    addresses = re.findall(r"(?:src|href)=\"?([^\">]{0,30})", page)
    assert addresses
    assert all(address.startswith("data:image/svg+xml;base64,") for address in addresses)
    assert "<script" not in page
    assert "url(" not in page
    assert len(page) < 6_000_000


def test_the_same_study_gives_the_same_picture() -> None:
    trials = study(of_forest, 6)
    assert charts.draw_history(trials, "r2") == charts.draw_history(trials, "r2")


def test_the_best_trial_is_the_first_row_in_either_direction() -> None:
    for direction in DIRECTIONS:
        trials = study(of_forest, 3, direction)
        page = texts(trials)
        [first, *_] = re.findall(r'<tr><td class="n">(\d+)</td>', page)
        assert int(first) == trials.best_trial.number


def test_parameters_of_one_model_have_a_section_of_their_own() -> None:
    page = sweep_page(study(of_models, 16), space(MODELS), FACTS)
    titles = headings(page)
    places = [titles.index(name) for name in ("Parameters of all trials", "model=xgboost")]
    assert titles[places[0] + 1] == "model"
    assert titles[places[1] + 1 : places[1] + 6] == [
        "Values together", "Which parameters matter", "learning_rate", "max_depth", "subsample",
    ]  # fmt: skip
    assert titles[titles.index("model=random_forest") + 1] == "max_features"


def test_failed_and_stopped_trials_are_counted_with_the_reason() -> None:
    def objective(trial: optuna.Trial) -> float:
        value = of_forest(trial)
        trial.report(value, 1)
        if trial.number in (2, 5):
            raise ValueError
        if trial.number == 3:
            raise optuna.TrialPruned
        return value

    errors = {2: "max_depth is <too> large", 5: "max_depth is <too> large"}
    page = texts(study(objective, 8), replace(FACTS, errors=errors))
    assert "Trials without a score" in headings(page)
    assert re.search(r"<b>5</b><span>complete", page)
    assert re.search(r"<b>1</b><span>stopped early", page)
    assert re.search(r"<b>2</b><span>failed", page)
    assert '<td class="n">2</td><td>max_depth is &lt;too&gt; large</td><td>2, 5</td>' in page


def test_a_page_of_a_sweep_that_goes_on_has_no_charts_of_parameters() -> None:
    page = texts(study(of_forest, 4), replace(FACTS, is_running=True))
    assert headings(page) == [
        "The best 4 trials", "Course", "Best so far", "To make it again",
    ]  # fmt: skip


def test_one_trial_is_enough_for_a_page() -> None:
    page = sweep_page(study(of_forest, 1), space(ONE_MODEL), FACTS)
    assert headings(page) == [
        "The best trial", "Course", "Best so far", "Time", "To make it again",
    ]  # fmt: skip


def test_a_sweep_without_a_trial_has_a_page() -> None:
    page = sweep_page(study(of_forest, 0), space(ONE_MODEL), replace(FACTS, is_running=True))
    assert headings(page) == ["To make it again"]
    assert "not finished" in page


def test_if_all_trials_have_the_same_score_no_parameter_matters() -> None:
    page = sweep_page(study(lambda trial: of_forest(trial) * 0, 4), space(ONE_MODEL), FACTS)
    assert "Which parameters matter" not in headings(page)
    assert "max_depth" in headings(page)


def test_trials_that_failed_alone_have_a_page_without_charts() -> None:
    def objective(trial: optuna.Trial) -> float:
        of_forest(trial)
        raise ValueError

    page = sweep_page(study(objective, 3), space(ONE_MODEL), FACTS)
    assert headings(page) == ["Trials without a score", "To make it again"]


def test_trials_of_defaults_that_lack_a_parameter_are_shown_without_it(page: str) -> None:
    first = page[page.index('<tr><td class="n">0</td>') :].partition("</tr>")[0]
    assert first.count('<td class="n"></td>') == 2
    assert "Which parameters matter" in headings(page)


def test_each_trial_and_the_winner_have_their_command_without_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_API_KEY", "abcdefgh12345")
    command = "./relay run 'data.url=https://me:pass@host/x.csv?token=t1&a=<b>' model=xgboost"
    facts = replace(
        FACTS,
        commands=dict.fromkeys(range(4), f"{command} abcdefgh12345"),
        winner=Winner(
            "./relay run experiment=forests-best",
            "succeeded",
            {"train": {}, "evaluate": {"r2": 0.44, "mae": 48.6}},
            "../2026-11-27T10-00-00/index.html",
        ),
    )
    page = texts(study(of_forest, 4), facts)
    shown = "./relay run 'data.url=https://host/x.csv?token=***&a=<b>' model=xgboost ***"
    assert unescape(page).count(shown) == 4
    assert "<b>'" not in page
    assert "./relay run experiment=forests-best" in page
    assert "<dt>evaluate</dt><dd>r2&nbsp;<b>0.44</b>, mae&nbsp;<b>48.6</b></dd>" in page
    assert '<a href="../2026-11-27T10-00-00/index.html">' in page


def test_fanova_finds_the_parameter_that_decides() -> None:
    shares = charts.importances(study(of_forest, 40))
    assert [*shares] == ["model.params.max_features", "model.params.max_depth"]
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["model.params.max_features"] > 0.7


def test_scores_far_from_all_others_do_not_squeeze_the_picture() -> None:
    near = [0.80, 0.81, 0.82, 0.83, 0.84, 0.85, 0.86]
    assert charts.shown_range(near) is None
    assert charts.shown_range([*near, 0.79]) is None
    low, high = charts.shown_range([*near, -5.0]) or (0, 0)
    assert 0.79 < low < 0.80
    assert 0.86 < high < 0.87
    far = study(lambda trial: of_forest(trial) - 50 * (trial.number == 3), 12)
    caption = charts.draw_history(far, "cv_score").caption
    assert caption == "cv_score of each trial, in their order. 1 far from the others is not shown."


def test_a_part_of_a_study_has_fewer_parameters_and_the_same_scores() -> None:
    whole = study(of_models, 10)
    trials = [trial for trial in whole.trials if trial.params["model"] == "random_forest"]
    part = charts.study_of(whole, trials, {"model.random_forest.params.max_features": "share"})
    assert [trial.value for trial in part.trials] == [trial.value for trial in trials]
    assert {name for trial in part.trials for name in trial.params} == {"share"}
    assert all(trial.state == TrialState.COMPLETE for trial in part.trials)
