"""Command lines become Hydra overrides with nothing lost."""

from __future__ import annotations

import pytest

from relay.config.overrides import (
    from_arguments,
    key_and_value,
    normalize,
    override_for,
    split_options,
    sweep_values,
)
from relay.util.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  a=1   b=2 ", ["a=1", "b=2"]),
        ("a='two words' b=2", ["a='two words'", "b=2"]),
        ('a="it\'s one" b=2', ['a="it\'s one"', "b=2"]),
        ("a=[1, 2] b={c: 3, d: [4, 5]}", ["a=[1, 2]", "b={c: 3, d: [4, 5]}"]),
        (r"a='it\'s one' b=2", [r"a='it\'s one'", "b=2"]),
        ("'a=two words' b=2", ["a=two words", "b=2"]),
        (r"a=one\ word b=2", [r"a=one\ word", "b=2"]),
    ],
)
def test_options_are_split_at_spaces_outside_quotes_and_brackets(
    text: str, words: list[str]
) -> None:
    assert split_options(text) == words


@pytest.mark.parametrize("text", ["a='open", "a=[1, 2", 'a={b: "}'])
def test_a_quote_or_bracket_that_is_not_closed_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match="is missing"):
        split_options(text)


def test_all_three_forms_of_override_can_be_mixed() -> None:
    line = ["a=1", "--b", "two words", "--c=3", "--hydra_options", "d='x y' e=5"]
    assert from_arguments(line) == ["a=1", "b=two words", "c=3", "d='x y'", "e=5"]


def test_an_option_without_a_value_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"--steps: not an option, or its value is missing"):
        from_arguments(["--steps"])


@pytest.mark.parametrize(
    ("override", "normal"),
    [
        ("seed=7", "seed=7"),
        ("steps=train,evaluate", "steps='train,evaluate'"),
        ("steps=+train", "steps=+train"),
        ("data.url=a (copy).csv", "data.url='a (copy).csv'"),
        ("data.url=https://h/p?a=1&b='2'", r"data.url='https://h/p?a=1&b=\'2\''"),
        ("data.url=a,b.csv", "data.url='a,b.csv'"),
        ("split.columns=[a,b]", "split.columns=[a,b]"),
        ("+new.key=1", "+new.key=1"),
        ("~open.old", "~open.old"),
    ],
)
def test_values_that_hydra_would_misread_are_quoted(override: str, normal: str) -> None:
    assert normalize(override) == normal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("None", None),
        ("True", True),
        ("[None, 5]", [None, 5]),
        ("(100, 50)", [100, 50]),
        ("{'max_depth': None, 'oob': False}", {"max_depth": None, "oob": False}),
        ("{'a': [1, {'b c': 'x, y'}], 'd': \"it's\"}", {"a": [1, {"b c": "x, y"}], "d": "it's"}),
        ('{"a": null, "b": true}', {"a": None, "b": True}),
        ("{a: None}", {"a": None}),
        ("'None'", "None"),
        ("{'a': 'None'}", {"a": "None"}),
        ("{'a': 1e-05}", {"a": 1e-05}),
        ("[x].csv", "[x].csv"),
        ("(copy)", "(copy)"),
    ],
)
def test_values_as_python_writes_them_are_read(text: str, value: object) -> None:
    assert key_and_value(normalize(f"model.params.x={text}"))[1] == value


TEXTS = (
    "data.read.header",
    "data.read.missing_values",
    "data.read.keep_texts",
    "data.check.columns",
)


@pytest.mark.parametrize(
    "key", ["data.read.keep_texts", "data.read.missing_values", "data.check.columns.k.allowed"]
)
def test_in_lists_of_texts_of_the_data_none_is_a_text(key: str) -> None:
    assert key_and_value(normalize(f"{key}=[None, Mild]", TEXTS))[1] == ["None", "Mild"]


def test_a_file_without_names_is_still_set_by_none() -> None:
    assert key_and_value(normalize("data.read.header=None", TEXTS))[1] == "None"


def test_an_unknown_setting_is_an_error() -> None:
    with pytest.raises(ConfigError, match="Write key=value"):
        normalize("train")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("linear", "linear"),
        ("true", "'true'"),
        ("Null", "'Null'"),
        ("1.5", "'1.5'"),
        ("two words", "'two words'"),
        ("sklearn.svm.SVR", "sklearn.svm.SVR"),
        ("", "''"),
        (None, "null"),
        (True, "true"),
        (1e-05, "1e-05"),
        (["a b", {"c": 1}], "['a b',{c:1}]"),
    ],
)
def test_a_value_is_written_so_that_hydra_reads_it_back(value: object, written: str) -> None:
    override = override_for("a.b", value)
    assert override == f"a.b={written}"
    assert key_and_value(override) == ("a.b", value)
    assert normalize(override) == override


@pytest.mark.parametrize(
    ("override", "values"),
    [
        ("a.b=1,2.5,null,true", [1, 2.5, None, True]),
        ("a=x,'two words',None", ["x", "two words", None]),
        ("a=[1,2],[3]", [[1, 2], [3]]),
        ("a={b:1},{b:'x y'}", [{"b": 1}, {"b": "x y"}]),
        ("a=range(1,4)", [1, 2, 3]),
        ("a=choice(1,2)", [1, 2]),
        ("a=1", None),
        ("a=[1,2]", None),
        ("a='1,2'", None),
        ("no setting", None),
    ],
)
def test_several_values_are_a_list_and_one_is_none(
    override: str, values: list[object] | None
) -> None:
    assert sweep_values(override) == values


def test_a_range_without_steps_has_no_end() -> None:
    with pytest.raises(ConfigError, match=r"a=interval\(0,1\): every value is tried, but"):
        sweep_values("a=interval(0,1)")
