"""`relay gc`: it lists, asks, and removes what was listed; old runs only if asked."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from relay.commands.gc import command
from relay.pipeline.run_folders import marked_active
from relay.tracking import ArtifactVersion
from relay.tracking.interface import Holding
from relay.util.errors import ConfigError, RelayError
from relay.util.project import Project

OLD = "2020-01-01T00:00:00+00:00"


class Store:
    """A store with three old versions of a table; the newest is `latest`."""

    def __init__(self) -> None:
        self.held = [
            Holding(
                ArtifactVersion(
                    "table", f"v{number}", "t", "d", aliases, {"component": "get"}, "", OLD
                ),
                500_000,
                False,
            )
            for number, aliases in enumerate([(), (), ("latest",)])
        ]
        self.is_busy = False

    def holdings(self, before: str) -> Iterator[Holding]:
        yield from self.held

    @contextmanager
    def removal(self) -> Iterator[None]:
        if self.is_busy:
            raise RelayError("a run is active")
        yield

    def remove(self, versions: Sequence[ArtifactVersion]) -> int:
        gone = {str(version) for version in versions}
        before = len(self.held)
        self.held = [one for one in self.held if str(one.version) not in gone]
        return (before - len(self.held)) * 500_000

    def url(self) -> None:
        return None


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store()
    monkeypatch.setattr(command, "open_store", lambda project, settings: store)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return store


def run(home: Path, *argv: str) -> str:
    output = io.StringIO()
    assert command.gc(Project(home), argv, Console(file=output, width=200)) == 0
    return output.getvalue()


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(Console, "input", lambda *words, **more: text)


def test_what_may_go_is_listed_with_its_size(store: Store, tmp_path: Path) -> None:
    lines = run(tmp_path, "--dry-run").splitlines()
    assert lines[1].split() == ["table", "v0-v1", "2", "1.0", "MB", "2020-01-01"]
    assert lines[2] == "2 versions, 1.0 MB"
    assert len(store.held) == 3


@pytest.mark.parametrize(("text", "left"), [("y", 1), ("yes", 1), ("", 3), ("no", 3)])
def test_it_is_removed_only_after_a_yes(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, left: int
) -> None:
    answer(monkeypatch, text)
    last = run(tmp_path).splitlines()[-1]
    assert last == ("Nothing was removed." if left == 3 else "Removed. 1.0 MB are free again.")
    assert len(store.held) == left


def test_without_a_terminal_it_needs_yes(store: Store, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no terminal. Add --yes or --dry-run"):
        run(tmp_path)
    run(tmp_path, "--yes")
    assert [str(one.version) for one in store.held] == ["table:v2"]


def test_as_json_it_lists_and_removes_only_with_yes(store: Store, tmp_path: Path) -> None:
    listed = json.loads(run(tmp_path, "--json"))
    assert [row["artifact"] for row in listed["artifacts"]] == ["table:v0", "table:v1"]
    assert len(store.held) == 3
    run(tmp_path, "--json", "--yes")
    assert len(store.held) == 1


def test_while_a_run_is_active_it_is_an_error(store: Store, tmp_path: Path) -> None:
    store.is_busy = True
    with pytest.raises(RelayError, match="a run is active"):
        run(tmp_path, "--yes")
    assert len(store.held) == 3


def test_a_version_that_got_an_alias_meanwhile_stays(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pin(*words: object, **more: object) -> str:
        first = store.held[0]
        pinned = ArtifactVersion("table", "v0", "t", "d", ("mine",), {"component": "get"}, "", OLD)
        store.held[0] = Holding(pinned, first.size, False)
        return "y"

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(Console, "input", pin)
    run(tmp_path)
    assert [str(one.version) for one in store.held] == ["table:v0", "table:v2"]


def test_a_store_with_nothing_to_remove_has_a_line(store: Store, tmp_path: Path) -> None:
    store.held = store.held[2:]
    assert run(tmp_path, "--yes") == "Nothing in the local store may go.\n"


def test_old_runs_go_only_if_asked_but_never_the_latest_or_an_active_one(
    store: Store, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs"
    for name in ("2020-01-01T00-00-00", "2020-01-02T00-00-00", "2020-01-03T00-00-00", "sweeps"):
        (outputs / name).mkdir(parents=True)
        (outputs / name / "summary.json").write_text("{}")
    (outputs / ".2019-01-01T00-00-00.0123456789abcdef0123456789abcdef").mkdir()  # of a kill
    (outputs / "latest").symlink_to("2020-01-03T00-00-00")
    run(tmp_path, "--yes")
    assert len(list(outputs.iterdir())) == 6
    with marked_active(outputs / "2020-01-02T00-00-00"):
        run(tmp_path, "--yes", "--outputs")
    left = sorted(path.name for path in outputs.iterdir())
    assert left == ["2020-01-02T00-00-00", "2020-01-03T00-00-00", "latest", "sweeps"]


def test_a_store_that_a_full_disk_hides_does_not_keep_old_runs(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(before: str) -> Iterator[Holding]:
        raise RelayError("the disk is full.")

    monkeypatch.setattr(store, "holdings", refuse)
    with pytest.raises(RelayError, match="the disk is full"):
        run(tmp_path, "--yes")
    outputs = tmp_path / "outputs"
    (outputs / "2020-01-01T00-00-00").mkdir(parents=True)
    with pytest.raises(RelayError, match=r"Only runs were removed, no artifacts\. the disk"):
        run(tmp_path, "--yes", "--outputs")
    assert list(outputs.iterdir()) == []
    with pytest.raises(RelayError, match=r"^the disk is full"):
        run(tmp_path, "--yes", "--outputs")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--older-than", "month"], "--older-than: not an age (got 'month')"),
        (["seed=1"], "takes no such setting (got 'seed=1')"),
        (["--force"], "unrecognized arguments: --force. See ./relay gc --help."),
        (["table"], "takes no such setting (got 'table')"),
    ],
)
def test_wrong_words_are_errors(
    store: Store, tmp_path: Path, words: list[str], message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        run(tmp_path, *words)
    assert message in str(error.value)
