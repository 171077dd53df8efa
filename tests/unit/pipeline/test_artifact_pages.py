"""The pages of a run's artifacts: copied beside its summary, in bounded time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from relay.pipeline import artifact_pages
from relay.pipeline.artifact_pages import collect_pages
from relay.pipeline.run_summary import StepSummary
from relay.tracking import ArtifactVersion, Backend
from relay.util.errors import RelayError
from relay.util.paths import START

CHECK = StepSummary("check", "ran", outputs={"report": "report:v0"})
TRAIN = StepSummary("train", "ran", outputs={"model": "model:v0"})
REGISTER = StepSummary("register", "cached", outputs={"card": "card:v1"})


@pytest.fixture(autouse=True)
def started_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(START, raising=False)
    monkeypatch.chdir(tmp_path)


@dataclass
class Pages:
    """A backend in which each artifact but a model has a page; it refuses those in `broken`."""

    broken: tuple[str, ...] = ()
    page: str = "page.html"
    name: str = "local"
    place: str = ""
    asked: list[str] = field(default_factory=list)

    def find(self, reference: str) -> ArtifactVersion:
        self.asked.append(reference)
        name, _, version = reference.partition(":")
        if name in self.broken:
            raise RelayError("the server is in trouble")
        metadata = {} if name == "model" else {"page": self.page}
        return ArtifactVersion(name, version, "t", "digest", metadata=metadata)

    def download(self, artifact: ArtifactVersion, folder: Path) -> None:
        (folder / "page.html").write_text(f"{artifact.name}{self.place}")


def collect(backend: Pages, folder: Path, run: str = "now") -> list[str]:
    place = folder / "outputs" / run
    place.mkdir(parents=True, exist_ok=True)
    return collect_pages(cast(Backend, backend), [CHECK, TRAIN, REGISTER], place).lines


def test_each_page_is_copied_under_its_artifacts_name(tmp_path: Path) -> None:
    assert collect(Pages(), tmp_path) == [
        "check: outputs/now/report.html",
        "register: outputs/now/card.html",
    ]
    assert (tmp_path / "outputs" / "now" / "card.html").read_text() == "card"


def test_a_page_has_the_time_of_its_run_and_links_to_the_others(tmp_path: Path) -> None:
    page = "<title>Page of this &amp; that</title><!-- run -->"
    lines = collect(Pages(place=page), tmp_path, "2026-11-26T02-49-05")
    assert lines[0] == "Page: outputs/2026-11-26T02-49-05/report.html"
    text = (tmp_path / "outputs" / "2026-11-26T02-49-05" / "card.html").read_text()
    assert "Run of 2026-11-26 02:49:05<" in text
    assert '<a href="report.html">Page</a>' in text
    assert '<a href="index.html">Run</a>' in text
    assert '<a href="summary.json">' in text
    assert '<a href="config.yaml">' in text


def test_a_page_that_cannot_be_fetched_is_reported_beside_the_others(tmp_path: Path) -> None:
    assert collect(Pages(broken=("report",)), tmp_path) == [
        "register: outputs/now/card.html",
        "check: the page of report:v0 could not be fetched: the server is in trouble",
    ]


def test_a_page_outside_of_its_artifact_is_not_copied(tmp_path: Path) -> None:
    lines = collect(Pages(page="../../etc/passwd"), tmp_path)
    assert all("leaves the artifact's folder" in line for line in lines)


def test_a_server_that_takes_long_to_fail_is_not_asked_for_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifact_pages, "_SECONDS", -1.0)
    backend = Pages(broken=("report",))
    assert collect(backend, tmp_path)[1:] == [
        "Not all pages of this run were fetched: the server takes too long"
    ]
    assert backend.asked == ["report:v0"]


def test_a_server_that_has_gone_is_asked_for_no_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def require_answer(backend: Backend) -> None:
        raise RelayError("it cannot be reached")

    monkeypatch.setattr(artifact_pages, "require_answer", require_answer)
    backend = Pages()
    assert collect(backend, tmp_path) == [
        "Not all pages of this run were fetched: it cannot be reached"
    ]
    assert backend.asked == []
