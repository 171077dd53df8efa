"""The local store: versions, aliases, types and lineage, as every backend must have them."""

from __future__ import annotations

from pathlib import Path

import pytest

from relay.errors import RelayError
from relay.tracking import ArtifactVersion
from tests.components.conftest import Store


def put(store: Store, content: str, name: str = "table", type: str = "t") -> ArtifactVersion:
    path = store.folder / "file.txt"
    path.write_text(content)
    return store.put(name, type, path, {"content": content})


def find(store: Store, reference: str) -> str:
    found = store.backend.find(reference)
    assert found is not None
    return found.version


def test_new_content_is_a_new_version_and_latest(store: Store) -> None:
    assert [put(store, text).version for text in "ab"] == ["v0", "v1"]
    assert find(store, "table") == find(store, "table:latest") == "v1"


def test_content_that_comes_back_keeps_its_version_and_is_latest_again(store: Store) -> None:
    assert [put(store, text).version for text in "aba"] == ["v0", "v1", "v0"]
    assert find(store, "table:latest") == "v0"


def test_an_alias_moves_in_both_directions(store: Store) -> None:
    first, second = put(store, "a"), put(store, "b")
    for version in (first, second, first):
        store.backend.set_alias(version, "champion")
        assert find(store, "table:champion") == version.version


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.backend.find("table") is None
    put(store, "a")
    assert store.backend.find("table:v7") is None
    assert store.backend.find("table:champion") is None


@pytest.mark.parametrize("name", ["../table", "a/b", "", "table:", "a:b:c", ".."])
def test_a_wrong_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(RelayError, match="is not an artifact"):
        store.backend.find(name)


def test_an_artifact_keeps_its_type(store: Store) -> None:
    put(store, "a")
    with pytest.raises(RelayError, match="type"):
        put(store, "b", type="other")
    assert find(store, "table:latest") == "v0"


def test_files_and_metadata_come_back_as_they_were(store: Store) -> None:
    folder = store.folder / "tree"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_bytes(b"\x00\xff")
    store.put("tree", "t", folder, {"rows": 3, "columns": ["a", "é"]})
    found = store.backend.find("tree")
    assert found is not None
    assert found.metadata == {"rows": 3, "columns": ["a", "é"]}
    assert (store.files("tree:v0") / "deep" / "file").read_bytes() == b"\x00\xff"


def test_using_what_is_not_there_says_so(store: Store, tmp_path: Path) -> None:
    run = store.backend.start_run(name="r", job_type="r", group=None, config={})
    with pytest.raises(RelayError, match="'nothing:v1' is not in the local store"):
        run.use_artifact("nothing:v1")
    run.finish("failed", "nothing to use")
