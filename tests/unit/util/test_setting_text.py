"""Settings in messages: what is printed can be typed, and gives the value that it shows."""

from __future__ import annotations

import shlex

import pytest

from relay.config.overrides import key_and_value, normalize
from relay.util.setting_text import setting


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "data.x=3"),
        (0.5, "data.x=0.5"),
        (2.0, "data.x=2.0"),
        (-100000.0, "data.x=-100000.0"),
        (1000000, "data.x=1000000"),
        (1e30, "data.x=1e+30"),
        (True, "data.x=true"),
        (None, "data.x=null"),
        (",", "'data.x=,'"),
        ("a b", "'data.x=a b'"),
        ("", "data.x="),
        ([1, 2], "'data.x=[1,2]'"),
        (["id", "unit price"], "'data.x=[id,unit price]'"),
        (["a,b", "it's", "1", "NA"], """"data.x=[\\"a,b\\",\\"it's\\",\\"1\\",NA]\""""),
        ({"price": "earlier_price"}, "'data.x={price:earlier_price}'"),
    ],
)
def test_a_setting_is_quoted_where_a_shell_needs_it(value: object, text: str) -> None:
    assert setting("data.x", value) == text


@pytest.mark.parametrize(
    "value",
    [
        [
            "a,b",
            'say "x"',
            "it's",
            "end\\",
            "a: b",
            "[x]",
            "1",
            "true",
            "1e5",
            "n.a.",
            "?",
            "-",
            " ",
            "",
        ],
        {"a": "x=y", "b": 1.5, "c": None},
        {"Unit price": "price", "a:b": "it's", "[c]": "d"},
        ["price != 'x y'", "a > 3"],
        "[no list]",
        "{no: mapping}",
        "a\tb",
        " blank before",
        "größe & mehr $HOME `x`",
        [12345678901234567, 0.1],
    ],
    ids=str,
)
def test_what_a_shell_makes_of_it_is_the_value(value: object) -> None:
    (word,) = shlex.split(setting("data.x", value))
    assert key_and_value(normalize(word)) == ("data.x", value)
