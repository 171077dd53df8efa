"""The page of a run: what ran and why, what changed since the run before, and what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from relay.config.schema import OutputSpec
from relay.pipeline.display import PlainDisplay
from relay.pipeline.plan import Plan, Step
from relay.pipeline.run_comparison import compare_settings, find_previous
from relay.pipeline.run_page import PageDisplay, RunPage, find_promoted, short_reason
from relay.pipeline.run_summary import StepSummary, Summary, write_settings, write_summary
from relay.runtime.usage import Usage
from relay.step.context import METRICS_KEY
from relay.tracking import ArtifactVersion, Backend
from relay.util.errors import RelayError


def step(name: str, *needs: str) -> Step:
    outputs = {"out": OutputSpec(name=name, type="t")}
    return Step(name, name, {}, outputs, needs, on_request=False)


PLAN = Plan((step("get"), step("train", "get")))


def make_page(
    folder: Path,
    *steps: StepSummary,
    settings: Mapping[str, Any] | None = None,
    overrides: Sequence[str] = (),
    status: str = "succeeded",
) -> RunPage:
    folder.mkdir(parents=True)
    summary = Summary(cast(Any, status), "local", "2026-01-31T12:30:00+00:00", None, None)
    summary.steps = list(steps) or [StepSummary("get", "ran"), StepSummary("train", "ran")]
    summary.command = "./relay run model=linear"
    write_settings(folder, summary.command, json.dumps(settings or {}))
    write_summary(folder, summary)
    return RunPage(folder, "houses / linear", PLAN, summary, overrides)


def written(page: RunPage, is_over: bool = True) -> str:
    page.is_over = is_over
    path = page.write()
    assert path is not None
    return path.read_text()


def test_it_shows_each_step_with_its_status_reason_time_and_artifacts(tmp_path: Path) -> None:
    page = make_page(
        tmp_path / "2026-01-31T12-30-00",
        StepSummary("get", "cached", outputs={"raw": "raw:v3"}),
        StepSummary(
            "train",
            "ran",
            seconds=2.5,
            max_rss_mb=180,
            inputs={"raw": "raw:v3"},
            why="parameter model",
            metrics={"r2": 0.5},
            notes=["by region: mae is worst for north"],
        ),
        overrides=["model=linear"],
    )
    text = written(page)
    for words in (
        "Run of houses / linear", "2026-01-31 12:30:00", "raw:v3", "parameter model", "2.5 s",
        "180 MB", ">r2<", "./relay run model=linear", "<code>model=linear</code>",
        "by region: mae is worst for north",
    ):  # fmt: skip
        assert words in text, words


def test_while_it_runs_the_page_renews_itself(tmp_path: Path) -> None:
    page = make_page(
        tmp_path / "run",
        StepSummary("get", "ran"),
        StepSummary("train", "not_started"),
        status="failed",
    )
    page.running.add("train")
    text = written(page, is_over=False)
    assert 'http-equiv="refresh"' in text
    assert '<span class="badge ">running</span>' in text
    assert '<span class="status running">running</span>' in text
    assert "failed" not in text.partition("</style>")[2]


def test_a_step_waits_while_the_run_goes_on_and_was_not_started_afterwards(tmp_path: Path) -> None:
    page = make_page(
        tmp_path / "run", StepSummary("get", "ran"), StepSummary("train", "not_started")
    )
    assert '<span class="status waiting">waiting</span>' in written(page, is_over=False)
    over = written(page)
    assert '<span class="status not_started">not started</span>' in over
    assert "<title>train: not started</title>" in over


def test_a_failure_and_the_end_of_its_log_are_on_top(tmp_path: Path) -> None:
    failed = StepSummary("train", "failed", error="too few rows", log="outputs/run/logs/train.log")
    page = make_page(tmp_path / "run", StepSummary("get", "ran"), failed, status="failed")
    (tmp_path / "run" / "logs").mkdir()
    (tmp_path / "run" / "logs" / "train.log").write_text("early\n" * 100 + "the last line\n")
    text = written(page)
    top, _, rest = text.partition("<h2>")
    assert "train failed" in top
    assert "too few rows" in top
    assert "the last line" in top
    assert 'href="logs/train.log"' in rest


def test_what_it_shows_is_text_and_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "0123456789abcdef" * 2 + "01234567"
    monkeypatch.setenv("WANDB_API_KEY", key)
    hostile = StepSummary("train", "failed", error=f"<script>alert(1)</script> {key}")
    text = written(make_page(tmp_path / "run", StepSummary("get", "ran"), hostile))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert key not in text


FIRST, SECOND = "2026-01-01T00-00-00", "2026-01-02T00-00-00"


def test_settings_are_compared_with_those_of_the_run_before(tmp_path: Path) -> None:
    before = {"model": {"name": "linear", "alpha": 1}, "jobs": 1, "seed": 4, "gone": "x"}
    now = {"model": {"name": "forest", "alpha": 1}, "jobs": 2, "seed": 4, "new": [1, None]}
    assert compare_settings(before, now) == [
        ("model.name", "linear", "forest"),
        ("new", "", "[1, null]"),
        ("gone", "x", ""),
    ]
    make_page(tmp_path / FIRST, settings=before)
    text = written(make_page(tmp_path / SECOND, settings=now))
    assert f'href="../{FIRST}/index.html"' in text
    assert "<code>model.name</code>" in text


def test_the_run_before_is_the_last_one_that_has_a_summary(tmp_path: Path) -> None:
    for name in ("2026-01-01T00-00-00", "2026-01-02T00-00-00", "2026-01-04T00-00-00"):
        make_page(tmp_path / name)
    (tmp_path / "2026-01-03T00-00-00").mkdir()  # it failed before the first step
    assert find_previous(tmp_path / "2026-01-04T00-00-00") == tmp_path / "2026-01-02T00-00-00"
    assert find_previous(tmp_path / "2026-01-01T00-00-00") is None


def test_a_damaged_run_before_is_left_out(tmp_path: Path) -> None:
    make_page(tmp_path / FIRST)
    (tmp_path / FIRST / "summary.json").write_text("{")
    (tmp_path / FIRST / "config.yaml").write_text("[a: {")
    assert ">succeeded<" in written(make_page(tmp_path / SECOND))


@dataclass
class Store:
    """A backend with a promoted model, and its evaluation among what was made from it."""

    promoted: Mapping[str, ArtifactVersion] = field(default_factory=dict)
    made: Sequence[ArtifactVersion] = ()
    is_down: bool = False

    def find(self, reference: str) -> ArtifactVersion | None:
        if self.is_down:
            raise RelayError("it is down")
        return self.promoted.get(reference)

    def made_from(self, artifact: ArtifactVersion) -> Sequence[ArtifactVersion]:
        return self.made


def version(name: str, number: int, **metrics: float) -> ArtifactVersion:
    return ArtifactVersion(name, f"v{number}", "t", "d", metadata={METRICS_KEY: metrics})


def test_metrics_stand_beside_those_of_the_promoted_version(tmp_path: Path) -> None:
    train = StepSummary("train", "ran", outputs={"model": "model:v4"}, metrics={"cv": 0.5})
    get = StepSummary("get", "ran", outputs={"scores": "scores:v4"}, metrics={"r2": 0.6})
    page = make_page(tmp_path / "run", get, train)
    store = Store(
        {"model:champion": version("model", 1, cv=0.125)},
        [version("scores", 1, r2=0.375), version("scores", 2, r2=0.4), version("other", 0, r2=9)],
    )
    page.promoted = find_promoted(cast(Backend, store), page.summary)
    text = written(page)
    assert "Champion: model:v1, scores:v1." in text
    assert ">0.125<" in text
    assert ">0.375<" in text


def test_a_server_that_is_down_leaves_the_metrics_alone(tmp_path: Path) -> None:
    page = make_page(tmp_path / "run", StepSummary("get", "ran", outputs={"raw": "raw:v1"}))
    assert find_promoted(cast(Backend, Store(is_down=True)), page.summary) == {}


def test_pictures_are_in_the_page_so_that_it_can_be_moved(tmp_path: Path) -> None:
    page = make_page(tmp_path / "run")
    (tmp_path / "run" / "results").mkdir()
    picture = tmp_path / "residuals.png"
    picture.write_bytes(b"\x89PNG")
    report = {"images": {"residuals_by_age": str(picture)}}
    (tmp_path / "run" / "results" / "train.json").write_text(json.dumps(report))
    text = written(page)
    assert 'src="data:image/png;base64,iVBORw=="' in text
    assert 'alt="train: residuals by age"' in text


def test_a_folder_that_takes_no_file_does_not_end_the_run(tmp_path: Path) -> None:
    page = make_page(tmp_path / "run")
    page.folder = tmp_path / "none"
    page.folder.parent.joinpath("none").write_text("a file")
    assert page.write() is None


def test_the_page_follows_the_events_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.pipeline.run_page._SECONDS", 0.0)
    get, train = StepSummary("get", "not_started"), StepSummary("train", "not_started")
    page = make_page(tmp_path / "run", get, train)
    display = PageDisplay(PlainDisplay(Console(quiet=True)), page)
    file = tmp_path / "run" / "index.html"
    display.open(["get", "train"], "uv", page.folder)
    assert '<span class="status waiting">' in file.read_text()
    display.started("get")
    display.running("get", Usage(0, 0, 0), "")
    assert '<span class="status running">' in file.read_text()
    get.status = "ran"
    display.ended(get)
    display.running("train", Usage(0, 0, 0), "")
    assert '<span class="status ran">' in file.read_text()
    stamp = file.stat().st_mtime_ns
    display.running("train", Usage(1, 0, 0), "")  # nothing has happened
    assert file.stat().st_mtime_ns == stamp


def test_many_files_of_the_code_are_counted_in_the_reason_of_a_step() -> None:
    few = "code: a.py, code: b.py, parameter depth"
    assert short_reason(few) == few
    many = "code: a.py, code: b.py, code: c.py, parameter depth, input train"
    assert short_reason(many) == "code: a.py and 2 more files, parameter depth, input train"
    assert short_reason("never made") == "never made"
