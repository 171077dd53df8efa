"""Classes and categories that may be the same, or have one row only, are warned of."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from relay.tables.reading.columns.dtypes import to_dtype
from relay.util.errors import RelayError
from relay.util.setting_text import setting
from tests.made_clean import clean


def cleaned(target: list[Any], **columns: Any) -> Any:
    dtypes, task = columns.pop("dtypes", {}), columns.pop("task", "auto")
    x = {"x": [i + 0.5 for i in range(len(target))]}
    return clean({**x, **columns, "k": target}, target="k", dtypes=dtypes, task=task)


def test_classes_that_differ_in_case_or_blanks_are_a_warning_with_counts_and_the_setting() -> None:
    done = cleaned(["Yes", "YES", "No", "yes", "no way", "no  Way"] * 10)
    assert done.table["k"].nunique() == 6
    warning = done.warnings["k"]
    assert "'YES' 10, 'Yes' 10, 'yes' 10; 'no  Way' 10, 'no way' 10" in warning
    assert warning.endswith("data.dtypes.k=str:lower")


def test_the_setting_makes_them_one() -> None:
    done = cleaned(["Yes", "YES", "No", " yes ", "no", "NO"] * 10, dtypes={"k": "str:lower"})
    assert done.table["k"].value_counts().to_dict() == {"yes": 30, "no": 30}
    assert done.warnings == {}
    assert done.read_as["k"] == "str:lower"
    values = pd.Series(["New  York", None, "CAFE\u0301"], name="x", dtype="str")
    assert to_dtype(values, "str:lower").dropna().tolist() == ["new york", "caf\u00e9"]


def test_categories_are_looked_at_too_but_not_names_or_texts() -> None:
    size = ["small", "Small", "big"] * 20
    names = [f"{'A' if i % 2 else 'a'}nna {i // 2}" for i in range(60)]
    done = cleaned(["a", "b"] * 30, size=size, names=names)
    assert "'small' 20, 'Small' 20" in done.warnings["size"]
    assert "k" not in done.warnings


@pytest.mark.parametrize("last", ["blue", True, 7])
def test_a_class_of_one_row_is_named_with_the_filter_that_leaves_it_out(last: Any) -> None:
    usual: dict[Any, list[Any]] = {"blue": ["red", "green"], True: [False], 7: [1, 2]}
    done = cleaned([*usual[last] * 20, last])
    shown = repr(last) if isinstance(last, str) else str(last)
    assert f"has one row only: {shown}. " in done.warnings["k"]
    assert setting("data.filters", [f"k != {shown}".replace("'", '"')]) in done.warnings["k"]


def test_healthy_classes_are_not_warned_of() -> None:
    done = cleaned(["setosa", "virginica", "versicolor"] * 10, c=["A", "B", "C"] * 10)
    assert done.warnings == {}


@pytest.mark.parametrize(
    "words",
    [
        ["yes", "no", "1", "0"],
        ["True", "False", "yes"],
        ["TRUE", "0", "FALSE"],
        ["yes", "N", "no", "1"],
    ],
)
def test_several_words_for_true_or_false_are_a_warning_with_the_setting(words: list[str]) -> None:
    done = cleaned(["a", "b"] * 30, ok=[words[i % len(words)] for i in range(60)])
    warning = done.warnings["ok"]
    assert warning.startswith("several words for true or false are different values: ")
    assert f"'{words[0]}' {60 // len(words)}" in warning
    done = cleaned(words * 15, dtypes={"k": "bool"})
    assert (
        done.table["k"].tolist()[:3] == [word in ("yes", "1", "True", "TRUE") for word in words][:3]
    )
    assert done.warnings == {}


def test_single_letters_are_not_words_for_true_or_false() -> None:
    assert cleaned(["a", "b"] * 30, shape=["t", "f", "n"] * 20).warnings == {}


@pytest.mark.parametrize(
    ("target", "instead"),
    [
        ([i / 8 for i in range(40)] + [0.0] * 9, "Set data.task=regression"),
        ([f"name {i}" for i in range(40)] + ["a"] * 9, "Choose another column"),
    ],
)
def test_a_target_with_a_class_for_nearly_each_row_is_an_error(
    target: list[Any], instead: str
) -> None:
    message = (
        rf"data\.target: column 'k' has (39|40) classes with one row only in 49 rows.*{instead}"
    )
    with pytest.raises(RelayError, match=message):
        cleaned(target, task="classification")
