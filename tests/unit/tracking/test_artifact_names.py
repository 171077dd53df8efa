"""Names of artifacts: plain ones stay, others are made plain and kept apart."""

from __future__ import annotations

import re
import unicodedata

import pytest

from relay.tracking.artifact_names import (
    artifact_stem,
    is_another_source,
    lasting_url,
    model_stem,
    url_stem,
)
from relay.util.names import plain_ascii
from relay.util.validation_messages import NAME

SUFFIX = "_registration"


@pytest.mark.parametrize("text", ["diabetes", "sales_price", "Sales-2020", "v1.2", "a" * 56])
def test_plain_names_stay_as_they_are(text: str) -> None:
    assert artifact_stem(text) == text


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("größe", "grosse"), ("Łódź", "Lodz"), ("Ærø", "AEro"), ("crème brûlée", "creme_brulee"),
        ("Цена, ₽", "data"), ("年齢", "data"), ("🚀", "data"), ("", "data"), ("..", "data"),
        ("mes données", "mes_donnees"), ("../../x", "x"), ("a:b/c", "a_b_c"),
        ("price ($)", "price"), ("my data", "my_data"),
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
        "price ($)", "price (%)", "price", "a-b", "a_b", "a:b", "a b", "a  b", long,
        f"{long}!", "a" * 56, "a" * 57,
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
        ("https://example.org/housing.csv?X-Amz-Date=1&X-Amz-Signature=2", "housing"),
        ("https://example.org/export?X-Amz-Date=1&X-Amz-Signature=2", "export"),
    ],
)
def test_a_file_is_called_by_its_name_without_its_ending(url: str, stem: str) -> None:
    assert url_stem(url) == stem


def test_pages_differ_by_their_query() -> None:
    page = "https://example.org/download"
    stems = {url_stem(f"{page}{query}") for query in ("", "?id=7", "?id=8", "?id=7&sheet=2")}
    assert len(stems) == 4
    assert all(re.fullmatch(r"download(_[0-9a-f]{8})?", stem) for stem in stems)
    assert url_stem(f"{page}?id=7&token=a") == url_stem(f"{page}?id=7&token=b")
    assert url_stem(f"{page}?id=7&token=***") == url_stem(f"{page}?id=7&token=b")


def test_a_question_mark_in_a_path_is_part_of_the_name() -> None:
    assert len({url_stem(f"/data/{name}.csv") for name in ("who", "who?", "who?me", "who#me")}) == 4


def test_a_signature_and_secrets_are_not_part_of_a_url_that_lasts() -> None:
    signed = "https://me:pw@example.org/a.csv?version=2&X-Amz-Date=2026&Expires=7&Signature=x&sig=y"
    assert lasting_url(signed) == "https://example.org/a.csv?version=2"
    assert lasting_url("https://example.org/a?st=CA&sp=2") == "https://example.org/a?st=CA&sp=2"
    assert lasting_url("https://example.org/a?st=1&sp=r&sig=x&id=7") == "https://example.org/a?id=7"
    assert lasting_url("/data/who?me.csv") == "/data/who?me.csv"


@pytest.mark.parametrize(
    ("artifact", "url", "before", "is_another"),
    [
        ("housing_price_raw", "/two/housing.csv", "/one/housing.csv", True),
        ("a_b_c_raw", "/data/a.csv", "/data/a_b.csv", True),
        ("a_b_raw", "https://x.org/a.csv?version=2", "https://x.org/a.csv?version=1", True),
        ("a_b_raw", "https://x.org/a.csv?Signature=2", "https://x.org/a.csv?Signature=1", False),
        ("housing_price_raw", "/one/housing.csv", "/one/housing.csv", False),
        ("mine_raw", "/two/housing.csv", "/one/housing.csv", False),
    ],
)
def test_a_name_that_comes_from_a_url_belongs_to_that_url(
    artifact: str, url: str, before: str, is_another: bool
) -> None:
    assert is_another_source(artifact, url, before) == is_another


def test_a_url_writes_letters_in_its_own_way() -> None:
    assert url_stem("https://example.org/gr%C3%B6%C3%9Fe.csv") == url_stem("/data/größe.csv")


@pytest.mark.parametrize(
    "reference", ["housing_price_model:champion", "registry/housing_price_model"]
)
def test_predictions_are_called_as_their_model(reference: str) -> None:
    assert model_stem(reference) == "housing_price"
    assert plain_ascii("größe.csv") == "grosse.csv"
