"""Names of artifacts: plain ones stay, others are made plain and kept apart."""

from __future__ import annotations

import re
import unicodedata

import pytest

from relay.step.param_errors import NAME
from relay.tracking.artifact_names import artifact_stem, model_stem, url_stem
from relay.util.names import plain_ascii

SUFFIX = "_registration"


@pytest.mark.parametrize("text", ["diabetes", "sales_price", "Sales-2020", "v1.2", "a" * 56])
def test_plain_names_stay_as_they_are(text: str) -> None:
    assert artifact_stem(text) == text


def test_blanks_become_underscores() -> None:
    assert artifact_stem("my data") == "my_data"


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("größe", "grosse"), ("Łódź", "Lodz"), ("Ærø", "AEro"), ("crème brûlée", "creme_brulee"),
        ("Цена, ₽", "data"), ("年齢", "data"), ("🚀", "data"), ("", "data"), ("..", "data"),
        ("mes données", "mes_donnees"), ("../../x", "x"), ("a:b/c", "a_b_c"),
        ("price ($)", "price"),
    ],
)  # fmt: skip
def test_other_names_are_made_plain_with_a_digest(text: str, begins: str) -> None:
    stem = artifact_stem(text)
    assert re.fullmatch(rf"{begins}_[0-9a-f]{{8}}", stem)
    assert re.match(NAME, stem)
    assert artifact_stem(text) == stem


def test_no_two_names_are_made_one() -> None:
    long = "How satisfied are you? " * 14
    texts = [
        "größe", "grösse", "große", "grosse", "Цена", "Цена, ₽", "Цена, $", "年", "齢", "🚀", "🛰",
        "price ($)", "price (%)", "price", "a-b", "a_b", "a:b", long, f"{long}!", "a" * 56,
        "a" * 57,
    ]  # fmt: skip
    assert len(set(map(artifact_stem, texts))) == len(texts)


def test_a_name_is_the_same_however_its_accents_are_written() -> None:
    names = {artifact_stem(unicodedata.normalize(form, "größe")) for form in ("NFC", "NFD")}
    assert len(names) == 1


def test_a_name_of_two_long_texts_is_short_enough_for_a_store() -> None:
    name = f"{artifact_stem('é' * 300)}_{artifact_stem('b' * 300)}{SUFFIX}"
    assert len(name) <= 128
    assert len(model_stem(f"{'c' * 300}_model:v1") + "_predictions") <= 128


@pytest.mark.parametrize(
    ("url", "stem"),
    [
        ("path/to/housing.csv.gz", "housing"),
        ("/data/Housing.XLSX", "Housing"),
        ("sklearn://diabetes", "diabetes"),
        ("https://example.org/a/winequality-red.csv?raw=true", "winequality-red"),
        ("sales.2020.csv", "sales.2020"),
        ("sales.2021.csv", "sales.2021"),
        ("adult.data", "adult"),
        ("folder.csv/", "folder"),
    ],
)
def test_a_file_is_called_by_its_name_without_its_ending(url: str, stem: str) -> None:
    assert url_stem(url) == stem


def test_a_url_writes_letters_in_its_own_way() -> None:
    assert url_stem("https://example.org/gr%C3%B6%C3%9Fe.csv") == url_stem("/data/größe.csv")


@pytest.mark.parametrize(
    "reference", ["housing_price_model:champion", "registry/housing_price_model"]
)
def test_predictions_are_called_as_their_model(reference: str) -> None:
    assert model_stem(reference) == "housing_price"
    assert plain_ascii("größe.csv") == "grosse.csv"
