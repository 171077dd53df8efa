"""What is published: each run once, in order, under the names that the target gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from relay.tracking import ArtifactVersion, Draft, Reference, Row, RunSpec, RunStatus, UploadError
from relay.util.errors import RelayError

if TYPE_CHECKING:
    from relay.tracking.local.history import PastRun, RegistryLink


def artifact(name: str, version: int) -> ArtifactVersion:
    """Return a version whose digest is its content: `name` and `version` of the local store."""
    return ArtifactVersion(name, f"v{version}", "t", f"{name} {version}")


@dataclass
class History:
    """A local store's past: each artifact's file holds its digest."""

    metadata: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    aliased: list[tuple[ArtifactVersion, str]] = field(default_factory=list)
    linked: list[RegistryLink] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)

    def draft(self, artifact: ArtifactVersion, folder: Path) -> Draft:
        folder.mkdir()
        (folder / "file.txt").write_text(artifact.digest)
        self.folders.append(folder)
        metadata = self.metadata.get(str(artifact), {})
        return Draft(artifact.name, artifact.type, folder, f"About {artifact}.", metadata)

    def aliases(self) -> list[tuple[ArtifactVersion, str]]:
        return self.aliased

    def links(self) -> list[RegistryLink]:
        return self.linked


@dataclass
class Target:
    """A W&B project in memory; its versions are counted on from `first`."""

    first: int = 0
    entity: str = "team"
    project: str = "houses"
    place: str = "team/houses"
    url: Any = None
    refused: str = ""
    complete: set[str] = field(default_factory=set)
    stored: list[ArtifactVersion] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    specs: list[RunSpec] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    ends: list[tuple[str, RunStatus, str]] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)

    def complete_runs(self) -> set[str]:
        return self.complete

    def start_run(self, spec: RunSpec) -> Target:
        self.specs.append(spec)
        return self

    def use_artifact(self, reference: str) -> ArtifactVersion:
        version = self.find(reference)
        assert version is not None
        self.used.append((self.specs[-1].name, reference))
        return version

    def log_artifacts(self, drafts: Sequence[Draft]) -> Iterator[ArtifactVersion]:
        yield from map(self.put, drafts)

    def put(self, draft: Draft) -> ArtifactVersion:
        if draft.name == self.refused:
            raise UploadError(f"W&B did not take {draft.name}")
        content = (draft.path / "file.txt").read_text()
        version = self.find_content(draft.name, draft.type, content)
        if version is None:
            number = self.first + sum(version.name == draft.name for version in self.stored)
            version = ArtifactVersion(draft.name, f"v{number}", draft.type, content)
            self.stored.append(version)
        self.drafts[str(version)] = draft
        return version

    def log(self, row: Row) -> None:
        self.rows.append(row)

    def update_config(self, values: Mapping[str, Any]) -> None:
        """Nothing here is read from it."""

    def finish(self, status: RunStatus, message: str = "") -> None:
        self.ends.append((self.specs[-1].name, status, message))

    def find(self, reference: str) -> ArtifactVersion | None:
        return next((version for version in self.stored if str(version) == reference), None)

    def find_content(self, name: str, type: str, digest: str) -> ArtifactVersion | None:
        wanted = (name, type, digest)
        alike = (
            version
            for version in self.stored
            if (version.name, version.type, version.digest) == wanted
        )
        return next(alike, None)

    def set_alias(self, artifact: ArtifactVersion, alias: str) -> None:
        self.moved.append((str(artifact), alias))

    def linked_aliases(self, artifact: ArtifactVersion, collection: Reference) -> set[str] | None:
        mine = [link for link in self.links if link[:2] == (str(artifact), collection.path)]
        return {alias for link in mine for alias in link[2]} if mine else None

    def link(
        self, artifact: ArtifactVersion, collection: Reference, aliases: Sequence[str]
    ) -> None:
        self.links.append((str(artifact), collection.path, tuple(aliases)))


@dataclass
class Publishing:
    """The modules, which are imported once Trackio has a folder of the tests' own."""

    publisher: Any
    history: Any

    def open(self, history: History, target: Target) -> Any:
        return self.publisher.Publisher(history, target)

    def run(
        self,
        name: str,
        inputs: Sequence[ArtifactVersion] = (),
        outputs: Sequence[ArtifactVersion] = (),
        **more: Any,
    ) -> PastRun:
        values: dict[str, Any] = {"status": "succeeded", "message": "", "rows": (), **more}
        config = values.pop("config", {})
        spec = RunSpec(f"id-{name}", name, name, "group", config)
        run: PastRun = self.history.PastRun(
            spec=spec, inputs=tuple(inputs), outputs=tuple(outputs), **values
        )
        return run


@pytest.fixture
def publishing(trackio_folder: Path) -> Iterator[Publishing]:
    assert trackio_folder.is_dir()
    yield Publishing(
        import_module("relay.commands.publish.publisher"),
        import_module("relay.tracking.local.history"),
    )


RAW, CLEAN, MODEL = artifact("raw", 2), artifact("clean", 5), artifact("model", 1)


def chain(publishing: Publishing) -> list[PastRun]:
    """Three runs, each on the output of the one before it."""
    return [
        publishing.run("get", outputs=[RAW]),
        publishing.run("clean", [RAW], [CLEAN], config={"input_artifact": "raw:v2", "n": 3}),
        publishing.run("train", [CLEAN], [MODEL]),
    ]


def ignore(run: PastRun) -> None: ...


def test_runs_that_the_target_has_whole_are_not_pending(publishing: Publishing) -> None:
    runs = chain(publishing)
    publisher = publishing.open(History(), Target(complete={"id-clean", "id-other"}))
    assert [run.spec.name for run in publisher.pending(runs)] == ["get", "train"]


def test_runs_are_sent_in_their_order_and_reported_on_arrival(
    publishing: Publishing,
) -> None:
    target = Target()
    seen = []

    def sent(run: PastRun) -> None:
        seen.append((run.spec.name, len(target.ends)))

    publishing.open(History(), target).send(chain(publishing), sent)
    assert seen == [("get", 1), ("clean", 2), ("train", 3)]
    assert [spec.id for spec in target.specs] == ["id-get", "id-clean", "id-train"]


def test_inputs_are_the_versions_that_the_target_gave(publishing: Publishing) -> None:
    target = Target(first=7)
    publishing.open(History(), target).send(chain(publishing), ignore)
    assert [str(version) for version in target.stored] == ["raw:v7", "clean:v7", "model:v7"]
    assert target.used == [("clean", "raw:v7"), ("train", "clean:v7")]


def test_configs_and_metadata_name_the_targets_versions(publishing: Publishing) -> None:
    metadata = {"rows": 3, "inputs": {"input": {"artifact": "raw:v2", "digest": "raw 2"}}}
    target = Target(first=7)
    publishing.open(History({"clean:v5": metadata}), target).send(chain(publishing), ignore)
    assert target.specs[1].config == {"input_artifact": "raw:v7", "n": 3}
    assert target.drafts["clean:v7"].metadata == {
        "rows": 3,
        "inputs": {"input": {"artifact": "raw:v7", "digest": "raw 2"}},
    }
    assert target.drafts["clean:v7"].description == "About clean:v5."


def test_an_artifact_that_was_sent_before_has_its_new_name_without_being_an_input(
    publishing: Publishing,
) -> None:
    target = Target(first=7)
    runs = [*chain(publishing), publishing.run("notes", config={"seen": "model:v1"})]
    publishing.open(History(), target).send(runs, ignore)
    assert target.specs[-1].config == {"seen": "model:v7"}


def test_a_run_is_sent_with_its_rows_and_its_end(publishing: Publishing) -> None:
    rows = (Row({"r2": 0.5}, step=0, time=1.5), Row({"r2": 0.7}, step=1, time=2.5))
    run = publishing.run("gate", outputs=[RAW], rows=rows, status="failed", message="too low")
    target = Target()
    publishing.open(History(), target).send([run], ignore)
    assert target.rows == list(rows)
    assert target.ends == [("gate", "failed", "too low")]
    assert target.specs == [run.spec]


def test_an_input_that_was_sent_in_another_session_is_found_by_its_content(
    publishing: Publishing,
) -> None:
    target = Target(stored=[ArtifactVersion("raw", "v4", "t", "raw 2")])
    publishing.open(History(), target).send(chain(publishing)[1:], ignore)
    assert target.used[0] == ("clean", "raw:v4")
    assert target.specs[0].config["input_artifact"] == "raw:v4"


def test_an_input_that_no_run_made_is_named(publishing: Publishing) -> None:
    # The same name with another content is another artifact.
    target = Target(stored=[ArtifactVersion("raw", "v2", "t", "other")])
    with pytest.raises(RelayError, match=r"raw:v2: not in team/houses"):
        publishing.open(History(), target).send(chain(publishing)[1:], ignore)
    assert target.specs == []


def test_where_one_is_not_taken_those_before_it_are_there(publishing: Publishing) -> None:
    target = Target(refused="clean")
    seen: list[str] = []
    with pytest.raises(UploadError, match="did not take clean"):
        publishing.open(History(), target).send(
            chain(publishing), lambda run: seen.append(run.spec.name)
        )
    assert seen == ["get"]
    assert target.ends == [("get", "succeeded", ""), ("clean", "killed", "")]


def test_a_repetition_goes_on_with_it_and_doubles_nothing(publishing: Publishing) -> None:
    target = Target(refused="model")
    runs = chain(publishing)
    with pytest.raises(UploadError):
        publishing.open(History(), target).send(runs, ignore)
    target.refused = ""
    target.complete = {"id-get"}  # clean arrived too, but for its end
    publisher = publishing.open(History(), target)
    publisher.send(publisher.pending(runs), ignore)
    assert [str(version) for version in target.stored] == ["raw:v0", "clean:v0", "model:v0"]
    assert target.used[-1] == ("train", "clean:v0")


def test_the_files_are_gone_when_a_run_was_sent(publishing: Publishing) -> None:
    history = History()
    both = publishing.run("split", outputs=[artifact("train", 0), artifact("test", 0)])
    publishing.open(history, Target()).send([both], ignore)
    assert len(set(history.folders)) == 2
    assert not any(folder.exists() for folder in history.folders)


def test_aliases_are_set_on_the_targets_versions(publishing: Publishing) -> None:
    history = History(aliased=[(MODEL, "champion")])
    target = Target(first=3)
    publisher = publishing.open(history, target)
    publisher.send(chain(publishing), ignore)
    assert list(publisher.point()) == ["model:v3 is now model:champion"]
    assert target.moved == [("model:v3", "champion")]


def test_an_alias_that_is_there_is_not_set_again(publishing: Publishing) -> None:
    there = ArtifactVersion("model", "v3", "t", "model 1", ("champion",))
    target = Target(stored=[there])
    publisher = publishing.open(History(aliased=[(MODEL, "champion")]), target)
    assert list(publisher.point()) == []
    assert target.moved == []


def links(publishing: Publishing, *aliases: str) -> list[RegistryLink]:
    collection = Reference.to_collection("model", "houses")
    return [publishing.history.RegistryLink(MODEL, collection, aliases)]


def test_registry_links_are_made_on_the_targets_versions(publishing: Publishing) -> None:
    target = Target(stored=[ArtifactVersion("model", "v3", "t", "model 1")])
    publisher = publishing.open(History(linked=links(publishing, "candidate", "best")), target)
    collection = "wandb-registry-model/houses"
    assert list(publisher.point()) == [
        f"model:v3 is now linked into {collection} (candidate, best)"
    ]
    assert target.links == [("model:v3", collection, ("candidate", "best"))]


@pytest.mark.parametrize(
    ("there", "wanted", "linked"),
    [
        (None, (), True),
        ((), (), False),
        (("best",), ("best",), False),
        (("best", "latest"), ("best",), False),
        (("latest",), ("best",), True),
    ],
)
def test_a_link_is_made_only_where_it_or_one_of_its_aliases_is_missing(
    publishing: Publishing, there: tuple[str, ...] | None, wanted: tuple[str, ...], linked: bool
) -> None:
    target = Target(stored=[ArtifactVersion("model", "v3", "t", "model 1")])
    if there is not None:
        target.links.append(("model:v3", "wandb-registry-model/houses", there))
    publisher = publishing.open(History(linked=links(publishing, *wanted)), target)
    assert bool(list(publisher.point())) is linked


def test_a_version_that_is_pointed_at_and_not_there_is_named(publishing: Publishing) -> None:
    publisher = publishing.open(History(aliased=[(MODEL, "champion")]), Target())
    with pytest.raises(RelayError, match="model:v1: not in team/houses"):
        list(publisher.point())
