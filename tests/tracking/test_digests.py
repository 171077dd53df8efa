"""The digest of an artifact: of what its files are called and what is in them, and no more."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from relay.tracking.digests import digest_of_files, digest_of_path

# Made by a shell: `sha256sum a b/c | sha256sum`, where `a` holds an "a" and `b/c` nothing.
TREE = "90db06361c0c12ddf8cd3cb5bc02ead2db696a97100efefb487b7d99d6dbfd73"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").write_bytes(b"")
    (tmp_path / "a").write_bytes(b"a")
    return tmp_path


def test_it_is_what_sha256sum_gives(tree: Path) -> None:
    assert digest_of_path(tree) == TREE


def test_it_does_not_depend_on_the_order_of_the_files() -> None:
    files = {"b/c": "2", "a": "1", "b.c": "3"}
    assert digest_of_files(files) == digest_of_files(dict(sorted(files.items(), reverse=True)))
    lines = b"1  a\n3  b.c\n2  b/c\n"
    assert digest_of_files(files) == hashlib.sha256(lines).hexdigest()


def test_a_file_is_an_artifact_with_this_one_file(tree: Path) -> None:
    alone = digest_of_path(tree / "a")
    (tree / "b" / "c").unlink()
    assert alone == digest_of_path(tree)


def test_where_the_folder_is_and_when_it_was_written_is_not_part_of_it(tree: Path) -> None:
    os.utime(tree / "a", (0, 0))
    moved = tree.rename(tree.with_name("moved"))
    assert digest_of_path(moved) == TREE


def test_empty_folders_are_not_part_of_it(tree: Path) -> None:
    (tree / "nothing").mkdir()
    assert digest_of_path(tree) == TREE


def test_hidden_files_are_part_of_it(tree: Path) -> None:
    (tree / ".hidden").touch()
    assert digest_of_path(tree) != TREE


def test_a_changed_byte_and_a_changed_name_are_another_artifact(tree: Path) -> None:
    (tree / "a").write_bytes(b"b")
    assert digest_of_path(tree) != TREE
    (tree / "a").write_bytes(b"a")
    (tree / "b" / "c").rename(tree / "b" / "d")
    assert digest_of_path(tree) != TREE


def test_names_in_other_alphabets_are_taken(tmp_path: Path) -> None:
    (tmp_path / "é€.csv").touch()
    empty = hashlib.sha256(b"").hexdigest()
    expected = hashlib.sha256(f"{empty}  é€.csv\n".encode()).hexdigest()
    assert digest_of_path(tmp_path) == expected
