"""What a build costs is shown before it starts, from what was measured beside its lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.runtime.build_cost import BuildCost, announce_build, read_cost, sum_costs
from tests.loading import COMPONENTS, ROOT

ENVIRONMENTS = sorted(path.parent for path in ROOT.glob("environments/*/requirements.txt"))


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Return the folder of a component whose lock links to a measured environment."""
    environment, component = tmp_path / "environments" / "big", tmp_path / "components" / "fit"
    for folder in (environment, component):
        folder.mkdir(parents=True)
    (environment / "requirements.txt").touch()
    (environment / "measured.yaml").write_text("megabytes: 1234\nseconds: 150\n")
    (component / "requirements.txt").symlink_to(environment / "requirements.txt")
    return component


def test_the_line_before_a_build_has_the_cost_that_was_measured(lock: Path) -> None:
    assert announce_build(["fit", "try"], lock) == (
        "Building the environment of fit, try: about 1.2 GB of disk and 2 minutes ..."
    )


def test_what_was_not_measured_is_not_guessed(lock: Path) -> None:
    (lock / "requirements.txt").unlink()
    (lock / "requirements.txt").touch()
    assert read_cost(lock) is None
    assert announce_build(["fit"], lock) == "Building the environment of fit ..."
    assert sum_costs([lock]).in_words() == "its disk and time were not measured"


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (BuildCost(700, 20), "about 700 MB of disk and 1 minute"),
        (BuildCost(1590, 170), "about 1.6 GB of disk and 3 minutes"),
    ],
)
def test_a_cost_is_rounded(cost: BuildCost, words: str) -> None:
    assert cost.in_words() == words


def test_an_environment_that_two_components_link_to_counts_once(lock: Path) -> None:
    environment = lock.parents[1] / "environments" / "big"
    assert sum_costs([lock, environment]) == read_cost(environment) == BuildCost(1234, 150)


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.name)
def test_each_environment_that_comes_with_relay_was_measured(environment: Path) -> None:
    assert read_cost(environment) is not None


def test_a_component_that_comes_with_relay_has_the_cost_of_its_environment() -> None:
    assert read_cost(COMPONENTS / "train") == read_cost(ROOT / "environments" / "model")
