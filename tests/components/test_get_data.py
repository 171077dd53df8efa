"""`get_data` through its real command line, on a real local store."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.components.conftest import Store, either_way

BODY = b"a;b\r\n1;\xe9\r\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "my data.csv"
    path.write_bytes(BODY)
    return path


@either_way
def test_a_file_is_stored_as_it_came_with_where_it_came_from(
    store: Store, source: Path, alone: bool
) -> None:
    done = store.run("get_data", alone=alone, url=source, raw_artifact="demo_raw")
    assert done.status == 0, done.output
    assert done.result is not None
    assert done.result.outputs == {"raw": "demo_raw:v0"}
    assert done.result.types == {"raw": "raw_data"}
    assert (store.files("demo_raw:v0") / "my_data.csv").read_bytes() == BODY
    version = store.backend.find("demo_raw:v0")
    assert version is not None
    assert version.metadata["original_url"] == str(source)
    assert version.metadata["bytes"] == len(BODY)
    assert version.metadata["sha256"] == hashlib.sha256(BODY).hexdigest()


def test_the_same_bytes_keep_their_version(store: Store, source: Path) -> None:
    for _ in range(2):
        done = store.run("get_data", url=source.as_uri(), raw_artifact="demo_raw")
        assert done.result is not None
        assert done.result.outputs == {"raw": "demo_raw:v0"}


def test_a_data_set_of_scikit_learn_needs_no_network(store: Store) -> None:
    done = store.run("get_data", url="sklearn://diabetes", raw_artifact="demo_raw")
    assert done.status == 0, done.output
    text = (store.files("demo_raw:v0") / "diabetes.csv").read_text()
    assert text.startswith("age,sex,bmi")
    assert text.count("\n") == 443


def test_a_missing_file_fails_and_leaves_no_version(store: Store, source: Path) -> None:
    done = store.run("get_data", url=source.with_name("mydata.csv"), raw_artifact="demo_raw")
    assert done.status == 1
    assert "mydata.csv. Did you mean 'my data.csv'?" in done.output
    assert "Traceback" not in done.output
    assert store.backend.find("demo_raw:latest") is None


def test_other_bytes_than_expected_fail_and_leave_no_version(store: Store, source: Path) -> None:
    done = store.run("get_data", url=source, sha256="0" * 64, raw_artifact="demo_raw")
    assert done.status == 1
    assert "data.sha256" in done.output
    assert store.backend.find("demo_raw:latest") is None


def test_a_misspelt_data_set_is_a_wrong_command(store: Store) -> None:
    done = store.run("get_data", url="sklearn://diabets")
    assert done.status == 2
    assert "Did you mean 'diabetes'?" in done.output


def test_a_password_in_the_url_is_in_neither_output_nor_store(store: Store) -> None:
    done = store.run("get_data", url="http://me:hunter2@127.0.0.1:1/x.csv", raw_artifact="demo_raw")
    assert done.status == 1
    assert "hunter2" not in done.output


def copy_of(source: Path, folder: str, name: str) -> Path:
    """Return a copy of `source` at another place, under another name."""
    path = source.parent / folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(source.read_bytes() + b"2;x\r\n")
    return path


@pytest.mark.parametrize(("other", "name"), [("a_b.csv", "a.csv"), ("a.csv", "a.csv")])
def test_a_name_that_another_file_has_too_is_reported_with_both(
    store: Store, source: Path, other: str, name: str
) -> None:
    first, second = copy_of(source, "one", other), copy_of(source, "two", name)
    assert store.run("get_data", url=first, raw_artifact="a_b_c_raw").status == 0
    done = store.run("get_data", url=second, raw_artifact="a_b_c_raw")
    assert done.status == 0
    assert done.result is not None
    [warning] = done.result.warnings
    assert warning.startswith(f"data.name: the newest a_b_c_raw came from {first}, this one comes")
    assert f"from {second}" in warning
    assert "set data.name=NAME" in warning


def test_a_name_that_was_set_may_have_any_file(store: Store, source: Path) -> None:
    for folder in ("one", "two"):
        url = copy_of(source, folder, "a.csv")
        done = store.run("get_data", url=url, raw_artifact="sales_raw")
        assert done.result is not None
        assert done.result.warnings == []


def test_new_content_at_the_same_url_is_the_same_source(store: Store, source: Path) -> None:
    for _ in range(2):
        url = copy_of(source, "one", "a.csv")
        source.write_bytes(BODY + b"3;y\r\n")
        done = store.run("get_data", url=url, raw_artifact="a_b_raw")
        assert done.result is not None
        assert done.result.warnings == []
