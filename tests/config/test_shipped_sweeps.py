"""The sweeps in config/sweep fit the models in config/model."""

from __future__ import annotations

import pytest

from relay.config.files import ConfigFiles
from relay.sweep.checks import check_space
from relay.sweep.distributions import Constant, Range
from relay.sweep.format import read_sweep
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.search import Search
from relay.sweep.space import Dimension, Space, read_space
from relay.util.project import Project
from tests.loading import ROOT

FOLDER = ROOT / "config" / "sweep"
MODELS = {
    "linear", "elastic_net", "random_forest", "extra_trees", "hist_gradient_boosting", "xgboost",
    "lightgbm", "mlp",
}  # fmt: skip
LEFT_OUT = {
    "elastic_net",  # of the sweep over all models: it searches by itself
    "mlp",  # it runs in another environment
}


def space_of(name: str) -> Space:
    return read_space(read_sweep(FOLDER, name), ConfigFiles.read(ROOT / "config").option_names())


def varied(space: Space, model: str) -> dict[str, Dimension]:
    active = space.active({"model": model})
    return {one.key: one for one in active if not isinstance(one.distribution, Constant)}


def test_each_model_has_a_sweep() -> None:
    assert {path.stem for path in FOLDER.glob("*.yaml")} >= MODELS | {"all"}


@pytest.mark.parametrize("name", sorted(MODELS | {"all"}))
def test_each_range_is_valid_and_has_the_models_own_setting_in_it(name: str) -> None:
    sweep, space = read_sweep(FOLDER, name), space_of(name)
    defaults = check_space(sweep, space, ScoringStep(Project(ROOT), [], ROOT))
    search = Search(space, "bayes", "maximize", 0, 4, defaults)
    first = [search.propose(number, []) for number in range(len(defaults))]
    assert all(proposal.is_complete for proposal in first)


@pytest.mark.parametrize("model", sorted(MODELS - LEFT_OUT))
def test_the_sweep_over_all_models_has_the_parameters_of_each(model: str) -> None:
    alone, among_all = varied(space_of(model), model), varied(space_of("all"), model)
    assert among_all.keys() == alone.keys()
    for key, one in among_all.items():
        wide, narrow = alone[key].distribution, one.distribution
        assert isinstance(wide, Range)
        assert isinstance(narrow, Range)
        assert wide.low <= narrow.low
        assert narrow.high <= wide.high
    models = next(one for one in space_of("all").groups if one.key == "model")
    assert set(models.distribution.all_values() or []) == MODELS - LEFT_OUT
