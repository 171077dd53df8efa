"""Parameters as texts: what the orchestrator writes, a component reads."""

from __future__ import annotations

from typing import Any, Literal

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


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_value_is_right_where_the_default_is_empty(empty: object) -> None:
    given = {"name": "a", "words": empty, "rules": empty, "note": empty, "share": empty}
    assert validate(Example, given) == Example(name="a")


@pytest.mark.parametrize("empty", ["", None])
@pytest.mark.parametrize("name", ["count", "flag"])
def test_an_empty_value_is_not_taken_for_another_default(name: str, empty: object) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: must not be empty: leave {name} out"):
        validate(Example, {"name": "a", name: empty})


def test_an_empty_text_for_what_is_required_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^name: a value is required"):
        validate(Example, {"name": ""})


def test_all_mistakes_are_in_one_error() -> None:
    with pytest.raises(ConfigError) as error:
        validate(Example, {"name": "a", "count": "0", "flag": "perhaps", "colour": "red"})
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["count", "flag", "colour"]
    assert "got 0" in lines[0]


def test_a_command_line_gives_typed_parameters() -> None:
    line = ["--name", "a", "--words", '["x", "y"]', "--note="]
    assert parse_command_line(Example, line, "") == Example(name="a", words=["x", "y"])


@pytest.mark.parametrize("value", ["--note", "--", "-1", "--help", "a=b", " ", "--share=3"])
def test_a_value_may_look_like_an_option(value: str) -> None:
    assert parse_command_line(Example, ["--name", value, "--count", "2"], "").name == value
    assert parse_command_line(Example, [f"--name={value}"], "").name == value


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["--name"], "^name: the value is missing. Write --name VALUE"),
        (["name=a"], "^name=a: parameters are written as --name value"),
        (["--name", "a", "--name=b"], "^name: the parameter is given twice"),
    ],
)
def test_a_command_line_that_is_not_right_is_an_error(line: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_command_line(Example, line, "")


def test_help_lists_kinds_descriptions_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    class Described(Params):
        share: float | None = Field(None, description="of the rows")
        words: list[str] = Field(["a"], description="that count")
        way: Literal["up", "down"] = Field(description="to go")

    with pytest.raises(SystemExit) as end:
        parse_command_line(Described, ["--help"], "Counts words.")
    assert end.value.code == 0
    assert (
        capsys.readouterr().out
        == """Counts words.

Parameters (--name VALUE; lists and mappings as JSON):
  --share number
      of the rows (default: none)
  --words list of text
      that count (default: ["a"])
  --way up|down
      to go (required)
"""
    )


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"nam: there is no such parameter\. Did you mean 'name'"):
        parse_command_line(Example, ["--name", "a", "--nam", "b"], "")


def test_a_misspelled_option_is_reported_before_the_missing_one() -> None:
    with pytest.raises(ConfigError, match=r"^nmae: there .* parameter\. Did you mean 'name'"):
        parse_command_line(Example, ["--nmae=a"], "")
