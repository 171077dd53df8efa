"""What `data.url` may name besides a page of the web: files, and scikit-learn's data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relay.step.params import validate
from relay.util.errors import ConfigError, RelayError
from tests.loading import load

sources = load("get_data", "sources")
params = load("get_data", "params")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/a/data.csv", "data.csv"),
        ("/a/my%20data.csv", "my_data.csv"),
        ("/..%2f..%2fetc%2fpasswd", "passwd"),
        ("/..", "data"),
        ("/", "data"),
        ("", "data"),
        ("/.hidden", "hidden"),
        ("/" + "x" * 300 + ".csv", "x" * 96 + ".csv"),
    ],
)
def test_a_url_gives_a_file_name_that_stays_in_its_folder(path: str, name: str) -> None:
    assert sources.safe_file_name(path) == name


def fetch_path(url: str, tmp_path: Path) -> Any:
    folder = tmp_path / "fetched"
    folder.mkdir()
    return sources.fetch(url, folder, root=tmp_path, max_bytes=1)


@pytest.mark.parametrize("form", ["relative", "absolute", "file"])
def test_a_local_file_is_copied_as_it_is(form: str, tmp_path: Path) -> None:
    source = tmp_path / "a b.csv"
    source.write_bytes(b"a,b\r\n1,2")
    url = {"relative": "a b.csv", "absolute": str(source), "file": source.as_uri()}[form]
    raw = fetch_path(url, tmp_path)
    assert raw.path.read_bytes() == source.read_bytes()
    assert raw.path.parent == tmp_path / "fetched"


def test_a_missing_file_is_named_as_seen_from_the_start_and_with_its_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_START", str(tmp_path))
    (tmp_path / "pokemon.csv").touch()
    with pytest.raises(RelayError, match=r"there is no file pokmon\.csv\. .*'pokemon\.csv'"):
        fetch_path("pokmon.csv", tmp_path)


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="is a folder"):
        fetch_path(".", tmp_path)


def test_a_file_on_another_host_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="three slashes"):
        fetch_path("file://data/x.csv", tmp_path)


def test_an_empty_file_passes(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    assert fetch_path("empty.csv", tmp_path).bytes == 0


@pytest.mark.parametrize("name", ["diabetes", "wine", "breast_cancer", "iris", "digits"])
def test_the_data_sets_of_scikit_learn_have_a_target_and_the_same_bytes_each_time(
    name: str, tmp_path: Path
) -> None:
    first = sources.write_sklearn(name, tmp_path).read_bytes()
    assert first == sources.write_sklearn(name, tmp_path).read_bytes()
    assert first.splitlines()[0].endswith(b",target")


def test_named_classes_are_the_target_of_scikit_learns_sets(tmp_path: Path) -> None:
    text = sources.write_sklearn("iris", tmp_path).read_text()
    assert "5.1,3.5,1.4,0.2,setosa\n" in text


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://bucket/x.csv", "s3"),
        ("htp://host/x.csv", "'http://'"),
        ("sklearn://diabets", "'diabetes'"),
        ("http:///x.csv", "no host"),
        ("http://host:99999/x.csv", "not a URL"),
        ("", "required|at least"),
    ],
)
def test_a_url_that_cannot_work_is_refused_before_anything_runs(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        validate(params.Params, {"url": url})


def test_a_digest_that_is_none_is_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigError, match="sha256"):
        validate(params.Params, {"url": "x.csv", "sha256": "abc"})


def test_a_folder_is_an_error_with_a_file_of_it_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    (tmp_path / "b.csv").touch()
    (tmp_path / "a").mkdir()
    with pytest.raises(ConfigError, match=r"is a folder. Name one file of it.*b\.csv") as error:
        params.inspect_source(validate(params.Params, {"url": str(tmp_path)}), {})
    assert str(error.value).startswith("data.url: ")
