"""Artifacts as people write them."""

from __future__ import annotations

import pytest

from relay.tracking import Reference
from relay.util.errors import RelayError


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("table", Reference("table")),
        ("table:v3", Reference("table", "v3")),
        ("table:champion", Reference("table", "champion")),
        ("project/table:v3", Reference("table", "v3", "project")),
        ("project/table", Reference("table", "latest", "project")),
        ("entity/project/table:v3", Reference("table", "v3", "project", "entity")),
        ("A.b_c-1/d.csv:x.y-z_", Reference("d.csv", "x.y-z_", "A.b_c-1")),
        ("...:..a", Reference("...", "..a")),
    ],
)
def test_a_reference_is_read(text: str, reference: Reference) -> None:
    assert Reference.parse(text) == reference


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "table:", ":v1", "a:b:c", "/table", "table/", "a//b", "a/b/c/d", "a:b/c"),
        *("..", ".", "../table", "./table", "a/../table", "table:..", "../a/table", "a/.:v1"),
        *("a b", " table", "table ", "table\n", "table:v1\n", "täble", "a*b", "a\\b", "ta\0ble"),
    ],
)
def test_a_wrong_reference_is_an_error_with_the_right_forms(text: str) -> None:
    with pytest.raises(
        RelayError, match=r"not a reference to an artifact\. Write name, name:alias or name:v3"
    ):
        Reference.parse(text)


@pytest.mark.parametrize("text", ["table:v3", "project/table:latest", "entity/project/table:best"])
def test_a_reference_is_written_as_it_is_read(text: str) -> None:
    assert str(Reference.parse(text)) == text


def test_the_default_alias_is_latest() -> None:
    assert str(Reference.parse("project/table")) == "project/table:latest"


def test_the_path_is_all_but_the_alias() -> None:
    assert Reference.parse("entity/project/table:v3").path == "entity/project/table"
    assert Reference.parse("table:v3").path == "table"


def test_the_same_artifact_at_another_alias() -> None:
    first = Reference.parse("entity/project/table:v3")
    assert str(first.at("best")) == "entity/project/table:best"
    assert first.alias == "v3"


def test_a_collection_is_an_artifact_of_a_registrys_project() -> None:
    collection = Reference.to_collection("model", "houses")
    assert str(collection) == "wandb-registry-model/houses:latest"
    assert collection.registry == "model"
    assert Reference.parse("me/wandb-registry-model/houses:best").registry == "model"


@pytest.mark.parametrize("text", ["houses", "relay/houses", "my-wandb-registry-model/houses"])
def test_any_other_project_is_not_a_registry(text: str) -> None:
    assert Reference.parse(text).registry is None
