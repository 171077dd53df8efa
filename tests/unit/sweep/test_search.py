"""What the trials of a sweep try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from optuna.trial import FrozenTrial, TrialState, create_trial

from relay.sweep.format import parse_sweep
from relay.sweep.search import INCOMPLETE, Search, Settings
from relay.sweep.space import read_space

OPTIONS = {"model": ["linear", "forest"]}
TWO = "  a: {min: 0.0, max: 1.0}\n  b: {distribution: q_log_uniform_values, min: 1, max: 40}\n"
MODELS = (
    "  model: {values: [linear, forest]}\n  model.linear.alpha: {min: 0.0, max: 1.0}\n"
    "  model.forest.depth: {min: 1, max: 9}\n  seed: {value: 5}\n"
)
LAG = 3


def search(
    parameters: str, method: str = "bayes", seed: int = 1, defaults: Sequence[Settings] = ()
) -> Search:
    head = f"metric: {{name: score, goal: maximize}}\nmethod: {method}\nparameters:\n"
    space = read_space(parse_sweep(head + parameters, "name", "place"), OPTIONS)
    return Search(space, space_method(method), "maximize", seed, LAG, defaults)


def space_method(method: str) -> Any:
    return method


def run(searched: Search, count: int, late: int = 0) -> list[FrozenTrial]:
    """Try so many settings; the results of the `late` last trials are not known in between."""
    trials: list[FrozenTrial] = []
    for number in range(count):
        known = [trial if trial.number < number - late else running(trial) for trial in trials]
        proposal = searched.propose(number, known)
        trial = create_trial(
            state=TrialState.COMPLETE,
            params=dict(proposal.params),
            distributions=dict(proposal.distributions),
            value=score(proposal.settings),
            user_attrs={"settings": proposal.settings, INCOMPLETE: not proposal.is_complete},
        )
        trial.number = number
        trials.append(trial)
    return trials


def running(trial: FrozenTrial) -> FrozenTrial:
    copy = create_trial(
        state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions
    )
    copy.number = trial.number
    return copy


def score(settings: Settings) -> float:
    a, b = settings.get("a"), settings.get("b")
    if not isinstance(a, float) or not isinstance(b, int):
        return 0.0
    return -abs(a - 0.3) - abs(b - 10) / 40


def tried(trials: Sequence[FrozenTrial]) -> list[Settings]:
    return [trial.user_attrs["settings"] for trial in trials]


def test_a_seed_decides_all_trials() -> None:
    first, again = (tried(run(search(TWO), 20)) for _ in range(2))
    assert first == again
    assert first != tried(run(search(TWO, seed=2), 20))


def test_which_of_the_last_trials_have_ended_by_chance_does_not_matter() -> None:
    assert tried(run(search(TWO), 25)) == tried(run(search(TWO), 25, late=LAG - 1))


def test_results_guide_the_search() -> None:
    guided = [trial.value or 0 for trial in run(search(TWO), 40)]
    blind = [trial.value or 0 for trial in run(search(TWO, "random"), 40)]
    assert sum(guided[20:]) > sum(blind[20:]) + 2


def test_values_are_whole_and_in_their_range() -> None:
    for settings in tried(run(search(TWO), 20)):
        assert isinstance(settings["b"], int)
        assert 1 <= settings["b"] <= 40
        assert 0 <= settings["a"] <= 1


def test_a_trial_has_the_settings_of_its_option_only() -> None:
    for settings in tried(run(search(MODELS), 20)):
        own = "model.alpha" if settings["model"] == "linear" else "model.depth"
        assert set(settings) == {"model", own, "seed"}
        assert settings["seed"] == 5


def test_the_defaults_of_each_option_come_first_or_what_is_nearest() -> None:
    defaults = [{"model": "linear", "model.alpha": 0.25}, {"model": "forest", "model.depth": 100}]
    first = run(search(MODELS, defaults=defaults), 2)
    assert tried(first) == [
        {"model": "linear", "model.alpha": 0.25, "seed": 5},
        {"model": "forest", "model.depth": 9, "seed": 5},
    ]
    assert first[0].params == {"model": "linear", "model.linear.alpha": 0.25}
    assert not any(trial.user_attrs[INCOMPLETE] for trial in first)


def test_a_default_that_is_not_a_value_stays_and_teaches_nothing() -> None:
    searched = search("  a: {values: [1, 2]}\n  b: {min: 1, max: 9}\n", defaults=[{"a": 3, "b": 4}])
    [first] = run(searched, 1)
    assert tried([first]) == [{"b": 4}]  # that of `a` stays as it is without the sweep
    assert first.user_attrs[INCOMPLETE]


def test_a_failed_trial_teaches_nothing() -> None:
    searched = search(TWO)
    trials = run(searched, 14)
    trials[12].state, trials[12].values = TrialState.FAIL, None
    without = [trial for trial in trials if trial.number != 12]
    assert searched.propose(20, trials).settings == searched.propose(20, without).settings


def test_a_grid_has_every_combination_once() -> None:
    grid = search("  a: {values: [1, 2]}\n  b: {min: 1, max: 3}\n", "grid")
    assert grid.size() == 6
    assert tried(run(grid, 6)) == [{"a": a, "b": b} for a in (1, 2) for b in (1, 2, 3)]


def test_a_grid_over_options_leaves_out_what_does_not_belong_to_them() -> None:
    models = MODELS.replace("{min: 0.0, max: 1.0}", "{values: [0.5, 1.0]}")
    grid = search(models.replace("max: 9", "max: 3"), "grid")
    assert tried(run(grid, 5)) == [
        *({"model": "linear", "model.alpha": alpha, "seed": 5} for alpha in (0.5, 1.0)),
        *({"model": "forest", "model.depth": depth, "seed": 5} for depth in (1, 2, 3)),
    ]


def test_probabilities_decide_how_often_a_value_is_tried() -> None:
    often = "  a: {values: [x, y], probabilities: [0.9, 0.1]}\n"
    values = [settings["a"] for settings in tried(run(search(often, "random"), 200))]
    assert 160 < values.count("x") < 199


def test_lists_are_values_too() -> None:
    lists = search("  a: {values: [[1, 2], [3]]}\n", "random")
    assert {str(settings["a"]) for settings in tried(run(lists, 20))} == {"[1, 2]", "[3]"}
