"""Parameters as texts: what the orchestrator writes, a component reads."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from relay.step.params import Params, parse_command_line, to_text, validate
from relay.util.errors import ConfigError


class Example(Params):
    name: str
    count: int = Field(3, ge=1)
    share: float | None = None
    flag: bool = False
    words: list[str] = Field(default_factory=list)
    rules: dict[str, Any] = Field(default_factory=dict)
    note: str | None = None


@pytest.mark.parametrize(
    "values",
    [
        {"name": "a", "count": 5, "share": 0.25, "flag": True},
        {"name": "null", "note": "true"},
        {"name": "with 'quotes' and \"more\"", "words": ["NA", "", "é"]},
        {"name": "x", "rules": {"price": [10, None], "deep": {"a": "b"}}},
        {"name": "12", "note": None},
    ],
)
def test_what_is_written_as_text_is_read_back(values: dict[str, Any]) -> None:
    texts = {key: to_text(value) for key, value in values.items()}
    assert validate(Example, texts) == Example(**values)


def test_an_empty_text_is_the_default() -> None:
    assert validate(Example, {"name": "a", "count": "", "words": "", "note": ""}) == Example(
        name="a"
    )


def test_an_empty_text_for_what_is_required_is_an_error() -> None:
    with pytest.raises(ConfigError, match="name: Field required"):
        validate(Example, {"name": ""})


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        validate(Example, {"name": "a", "count": "0", "flag": "perhaps", "colour": "red"})
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["count", "flag", "colour"]
    assert "got 0" in lines[0]


def test_a_command_line_gives_typed_parameters() -> None:
    line = ["--name", "a", "--words", '["x", "y"]', "--count", ""]
    assert parse_command_line(Example, line, "") == Example(name="a", words=["x", "y"])


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"no parameter 'nam'\. Did you mean 'name'"):
        parse_command_line(Example, ["--name", "a", "--nam", "b"], "")


def test_a_misspelled_option_is_told_before_the_one_that_is_missing_for_it() -> None:
    with pytest.raises(ConfigError, match=r"no parameter 'nmae'\. Did you mean 'name'"):
        parse_command_line(Example, ["--nmae=a"], "")
