"""`relay artifacts`, `models`, `show` and `pull`, on a store in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from relay.commands.inspect import artifacts as look
from relay.step.context import METRICS_KEY
from relay.tracking import ArtifactVersion
from relay.tracking.interface import Collection
from relay.util.errors import ConfigError, RelayError
from relay.util.project import Project


def version(
    name: str, number: int, type: str = "t", aliases: Sequence[str] = (), **metadata: Any
) -> ArtifactVersion:
    return ArtifactVersion(
        name, f"v{number}", type, f"digest-{number}", tuple(aliases), metadata, "", "2026-01-31"
    )


class Store:
    """A store with a table, and two versions of a model made from it."""

    def __init__(self) -> None:
        inputs = {"train": {"artifact": "table:v0", "digest": "digest-0"}}
        self.all = [
            version("table", 0),
            version("source-train", 0, "source"),
            version("model", 0, "model", ["champion", "cache-1f"], **{METRICS_KEY: {"r2": 0.5}}),
            version(
                "model", 1, "model", ["latest"], inputs=inputs, component="train", rounds=7,
                **{METRICS_KEY: {"r2": 0.25}},
            ),
        ]  # fmt: skip
        self.is_damaged = False

    def collections(self) -> list[Collection]:
        return sorted(
            {Collection(one.name, one.type) for one in self.all}, key=lambda one: one.name
        )

    def types(self) -> list[str]:
        return sorted({one.type for one in self.all})

    def newest_collections(self, types: Sequence[str], limit: int) -> tuple[list[Collection], int]:
        found = [one for one in self.collections() if one.type in types]
        return found[:limit], len(found)

    def versions(self, name: str, limit: int) -> list[ArtifactVersion]:
        return [one for one in reversed(self.all) if one.name == name][:limit]

    def find(self, reference: str) -> ArtifactVersion | None:
        name, _, spec = reference.partition(":")
        for one in self.all:
            if one.name == name and spec in (one.version, *one.aliases):
                return one
        return None

    def made_from(self, artifact: ArtifactVersion) -> list[ArtifactVersion]:
        return [self.all[1], self.all[3]] if artifact.name == "table" else []

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        (folder / "deep").mkdir()
        (folder / "deep" / "model.skops").write_text(artifact.version)
        if self.is_damaged:
            raise RelayError(f"{artifact}: a file is damaged")

    def url(self) -> None:
        return None


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store()
    monkeypatch.setattr(look, "open_store", lambda project, settings: store)
    return store


def printed(command: Any, *argv: str) -> str:
    output = io.StringIO()
    assert command(Project(Path.cwd()), argv, Console(file=output, width=200)) == 0
    return output.getvalue()


def parsed(command: Any, *argv: str) -> Any:
    return json.loads(printed(command, *argv, "--json"))


def test_artifacts_are_listed_without_the_files_of_components(store: Store) -> None:
    assert parsed(look.artifacts) == [
        {"name": "model", "type": "model"},
        {"name": "table", "type": "t"},
    ]
    assert "1 more: --limit 2" in printed(look.artifacts, "--limit", "1")


def test_versions_have_their_aliases_without_those_of_the_cache(store: Store) -> None:
    newest, oldest = parsed(look.artifacts, "model")
    assert newest == {
        "artifact": "model:v1",
        "type": "model",
        "created": "2026-01-31",
        "aliases": ["latest"],
        "made_by": "train",
        "metrics": {"r2": 0.25},
    }
    assert (oldest["artifact"], oldest["aliases"]) == ("model:v0", ["champion"])


def test_older_versions_that_are_not_listed_are_noted(store: Store) -> None:
    lines = printed(look.artifacts, "model", "--limit", "1").splitlines()
    assert lines[1].startswith("model:v1 ")
    assert lines[2:] == ["There are more: --limit 2"]
    assert "There are more" not in printed(look.artifacts, "model", "--limit", "2")


def test_models_are_the_versions_of_all_models(store: Store) -> None:
    lines = printed(look.models).splitlines()
    assert [line.split()[0] for line in lines] == ["Artifact", "model:v1", "model:v0"]
    assert "champion" in lines[2]


def test_an_empty_store_has_a_hint(store: Store) -> None:
    store.all.clear()
    assert (
        printed(look.models) == "There is no model in the local store yet. Train one: ./relay run\n"
    )
    assert "Run the pipeline: ./relay run" in printed(look.artifacts)


def test_a_version_is_shown_with_its_lineage(store: Store) -> None:
    text = printed(look.show, "model:latest")
    for line in ("Made from: train=table:v0", "  rounds: 7", "r2=0.25", "Digest: digest-1"):
        assert line in text
    assert "Made from it: model:v1\n" in printed(look.show, "table:v0")
    content: Mapping[str, Any] = parsed(look.show, "table:v0")
    assert content["made"] == ["model:v1"]


def test_its_files_are_written_into_a_new_folder(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    assert "model:v0: 1 file in " in printed(look.pull, "model:champion", str(folder))
    assert (folder / "deep" / "model.skops").read_text() == "v0"
    with pytest.raises(ConfigError, match="exists already"):
        printed(look.pull, "model:champion", str(folder))


def test_its_files_are_named_as_json(store: Store, tmp_path: Path) -> None:
    assert parsed(look.pull, "model:champion", str(tmp_path / "got")) == {
        "artifact": "model:v0", "folder": str(tmp_path / "got"), "files": ["deep/model.skops"],
    }  # fmt: skip


def test_of_a_damaged_artifact_nothing_is_left(store: Store, tmp_path: Path) -> None:
    store.is_damaged = True
    with pytest.raises(RelayError, match="damaged"):
        printed(look.pull, "model:champion", str(tmp_path / "here"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [look.show, look.artifacts])
def test_an_artifact_that_does_not_exist_is_an_error_with_a_hint(
    store: Store, command: Any
) -> None:
    with pytest.raises(
        ConfigError, match="there is no artifact 'modl' in the local store"
    ) as error:
        printed(command, "modl")
    assert error.value.exit_code == 2


def test_models_have_the_metrics_of_their_test_before_those_of_their_training(
    store: Store,
) -> None:
    inputs = {"model": {"artifact": "model:v1", "digest": "digest-1"}}
    for number, r2 in enumerate([0.1, 0.2]):
        metrics: Any = {"metrics": {"r2": r2}, METRICS_KEY: {"r2": r2, "mae": 3.0}}
        store.all.append(version("scores", number, "evaluation", inputs=inputs, **metrics))
    newest, oldest = parsed(look.models)
    assert list(newest)[-2:] == ["test", "metrics"]
    assert (newest["test"], newest["metrics"]) == ({"r2": 0.2, "mae": 3.0}, {"r2": 0.25})
    assert (oldest["artifact"], oldest["test"]) == ("model:v0", {})


def test_a_model_is_shown_with_its_newest_test(store: Store, monkeypatch: Any) -> None:
    metrics: Any = {"metrics": {"r2": 0.2}, METRICS_KEY: {"r2": 0.2}}
    scores = version("scores", 3, "evaluation", **metrics)
    monkeypatch.setattr(Store, "made_from", lambda self, artifact: [scores])
    assert "Test (scores:v3): r2=0.200\n" in printed(look.show, "model:v1")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a", "b"], "Write ./relay artifacts [NAME]."),
        (["--limit", "0"], "--limit: must be at least 1 (got 0)."),
        (["seed=1"], "takes no such setting (got 'seed=1'). Allowed are tracking, "),
    ],
)
def test_wrong_words_are_errors(store: Store, words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        printed(look.artifacts, *words)
    assert message in str(error.value)


@pytest.mark.parametrize("command", [look.artifacts, look.models, look.show, look.pull])
def test_each_has_a_help(command: Any) -> None:
    assert printed(command, "--help").startswith("Usage: ./relay ")
