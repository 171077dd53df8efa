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
        (["a", "--job", "2"], "unrecognized arguments: --job"),
    ],
)
def test_a_mistake_is_refused_with_what_to_do(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(words)
    assert str(error.value).startswith("sweep: ")
    assert message in str(error.value)
