"""The command line of `relay sweep`."""

from __future__ import annotations

import pytest

from relay.commands.sweep.arguments import Arguments, parse
from relay.util.errors import ConfigError


def test_settings_and_options_may_be_mixed() -> None:
    words = ["forest", "--trials", "20", "data=pokemon", "--jobs", "2", "--no-register", "seed=7"]
    assert parse(words) == Arguments(
        "forest", ["data=pokemon", "seed=7"], trials=20, jobs=2, registers=False
    )


def test_a_sweep_may_be_made_on_a_server_or_end_with_its_winner() -> None:
    assert parse(["forest", "--wandb", "--trials", "3"]) == Arguments(
        "forest", [], trials=3, is_for_server=True
    )
    assert parse(["forest", "--winner", "team/relay/abc", "--no-register"]) == Arguments(
        "forest", [], registers=False, winner_of="team/relay/abc"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "must have one name (got 0)"),
        (["a", "b"], "must have one name (got 2)"),
        (["a", "--trials", "0"], "--trials: must be at least 1 (got 0)"),
        (["a", "--jobs", "-1"], "--jobs: must be at least 1 (got -1)"),
        (["a", "--minutes", "0"], "--minutes: must be above 0 (got 0)"),
        (["a", "--minutes", "nan"], "--minutes: must be above 0 (got nan)"),
        (["a", "--seed", "-1"], "--seed: must be from 0 to 4294967295 (got -1)"),
        (["a", "--trials", "many"], "argument --trials: invalid int value: 'many'. See"),
        (["a", "--wandb", "--jobs", "2"], "--jobs: has no effect with --wandb. Leave it out."),
        (["a", "--wandb", "--no-register"], "--no-register: has no effect with --wandb"),
        (["a", "--winner", "x", "--trials", "2"], "--trials: has no effect with --winner"),
        (["a", "--winner", "x", "--wandb"], "--wandb: has no effect with --winner"),
        (["a", "--job", "2"], "unrecognized arguments: --job"),
    ],
)
def test_a_mistake_is_refused_with_what_to_do(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(words)
    assert str(error.value).startswith("sweep: ")
    assert message in str(error.value)
