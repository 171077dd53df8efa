"""Where a command was started, and where its results are kept and shown."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from relay.util.errors import ConfigError
from relay.util.paths import (
    HOME,
    START,
    describe_missing_file,
    find_local_path,
    home_folder,
    is_temporary,
    shown,
    start_folder,
)
from relay.util.project import Project


@pytest.fixture
def clone() -> Path:
    """Return the URL that MLflow makes of a Git URL."""
    return Path(tempfile.gettempdir()).resolve() / "tmpab_1cd2e"


def test_a_checkout_keeps_its_results_whatever_folder_it_was_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checkout = Path("/somewhere/relay")
    assert start_folder(checkout, {}) == tmp_path
    assert Project.at(checkout, {}).outputs == checkout / "outputs"


def test_of_a_temporary_clone_they_are_kept_where_the_command_was_started(clone: Path) -> None:
    project = Project.at(clone, {START: "/users/me"})
    assert (project.outputs, project.state) == (Path("/users/me/outputs"), Path("/users/me/.relay"))
    assert project.components == clone / "components"
    assert project.tracking_uri({"MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"}) == (
        "sqlite:////users/me/mlflow.db"
    )


def test_a_variable_names_another_folder(clone: Path, tmp_path: Path) -> None:
    named = {START: str(tmp_path), HOME: "results"}
    for root in (clone, Path("/somewhere/relay")):
        assert home_folder(root, named) == tmp_path / "results"


def test_steps_are_handed_both(clone: Path) -> None:
    environ = Project.at(clone, {START: "/users/me"}).variables({START: "/users/me"})
    assert (environ[START], environ[HOME]) == ("/users/me", "/users/me")
    assert Project.at(clone / "components", environ).home == Path("/users/me")


@pytest.mark.parametrize(
    ("name", "temporary"),
    [("tmpab_1cd2e", True), ("tmpab_1cd2e/inside", True), ("tmpx", False), ("checkout", False)],
)
def test_a_clone_is_known_by_its_name(name: str, temporary: bool) -> None:
    assert is_temporary(Path(tempfile.gettempdir()) / name) == temporary
    assert not is_temporary(Path("/srv") / name)


@pytest.mark.parametrize(
    ("start", "text"),
    [
        ("/srv/relay", "outputs/1/summary.json"),
        ("/srv/relay/sub", "../outputs/1/summary.json"),
        ("/srv", "relay/outputs/1/summary.json"),
        ("/very/far/away/from/it/all", "/srv/relay/outputs/1/summary.json"),
    ],
)
def test_paths_are_shown_as_seen_from_the_start(
    start: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(START, start)
    assert shown(Path("/srv/relay/outputs/1/summary.json")) == text


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a/b.csv", "/start/a/b.csv"),
        ("/a/b.csv", "/a/b.csv"),
        ("~/b.csv", "/users/me/b.csv"),
        ("a:b.csv", "/start/a:b.csv"),
        ("my data/a://b.csv", "/start/my data/a:/b.csv"),
        ("file:///a/b%20c.csv", "/a/b c.csv"),
        ("FILE://localhost/a.csv", "/a.csv"),
        ("https://example.org/a.csv", None),
        ("sklearn://iris", None),
    ],
)
def test_a_path_or_the_url_of_a_file_is_resolved(
    text: str, path: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/users/me")
    assert find_local_path(text, Path("/start")) == (None if path is None else Path(path))


def test_a_file_on_another_host_cannot_be_resolved() -> None:
    with pytest.raises(ConfigError, match=r"on the host 'data'.* file:///folder/data\.csv"):
        find_local_path("file://data/x.csv", Path())
    with pytest.raises(ConfigError, match=r"not a URL: Invalid IPv6 URL\. .*file:///folder/"):
        find_local_path("file://[/x.csv", Path())


def test_a_missing_file_is_described_with_the_nearest_name_or_the_missing_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(START, str(tmp_path))
    (tmp_path / "sales.csv").touch()
    for path, description in (
        ("sale.csv", "there is no file sale.csv. Did you mean 'sales.csv'?"),
        ("other.json", "there is no file other.json. Check the path."),
        ("no/sales.csv", "there is no file no/sales.csv. There is no folder no either."),
    ):
        assert describe_missing_file(tmp_path / path) == description
