"""Settings of how a file is read, as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from relay.step.params import validate
from relay.tables.reading.settings.params import ReadParams
from relay.util.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        ("", None),
        ("null", None),
        ("3", [3]),
        ("[1, 2]", [1, 2]),
        ("none", []),
        ("None", []),
        ("false", []),
    ],
)
def test_the_header_is_a_line_several_or_none(written: str, lines: list[int] | None) -> None:
    assert validate(ReadParams, {"header": written}).read_options().header == lines


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"header": "0"}, "header: lines are counted from 1; for a file without names write none"),
        ({"header": "[2,1]"}, "header: .*must ascend"),
        ({"header": "[2,2]"}, "header: .*must ascend"),
        ({"header": "first"}, "header: 'first' is not the number of a line. Write 3"),
        ({"header": "true"}, "header: True is not the number of a line"),
        ({"header": "1.5"}, "header: 1.5 is not the number of a line"),
        ({"header": "2", "skip": "2"}, r"data\.read\.header: line 2 is left out by .*skip=2"),
        ({"skip": "-1"}, "skip: .*at least 0"),
        ({"skip": "true"}, "skip: .*a whole number"),
    ],
)
def test_a_header_that_is_not_a_line_number_is_an_error(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        validate(ReadParams, given)


def test_what_lies_above_the_header_and_comments_are_handed_on() -> None:
    options = validate(ReadParams, {"skip": "3", "comment": "#", "header": "5"}).read_options()
    assert (options.skip, options.comment, options.header) == (3, "#", [5])
