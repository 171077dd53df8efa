"""The page of a sweep is written from what its session knows, however the sweep ends."""

from __future__ import annotations

import io
import json
from html import unescape
from pathlib import Path

import pytest
from rich.console import Console

from relay.commands.sweep.report import SweepReport
from relay.sweep.journal import Claim
from relay.sweep.scoring_step import ScoringStep
from relay.sweep.session import Budget, Session
from relay.sweep.space import read_space
from relay.tracking import TrackingSettings
from relay.util.project import Project
from relay.util.signals import StopSignals
from tests.loading import ROOT
from tests.unit.sweep.made_sweeps import journal, search, sweep_file

COMMAND = "./relay sweep small --trials 3"


@pytest.fixture
def report(tmp_path: Path) -> SweepReport:
    """Return the report of a sweep in which no trial has ended."""
    file = sweep_file()
    session = Session(
        file,
        read_space(file, {}),
        ScoringStep(Project(ROOT, tmp_path), ["split.test_size=0.3"], ROOT),
        TrackingSettings("local"),
        7,
        Budget(3, 1.5, 2),
        Console(file=io.StringIO()),
        StopSignals(at_once=False),
    )
    session.journal = journal(tmp_path / "small-123")
    return SweepReport(session, COMMAND)


def end_trials(report: SweepReport) -> None:
    shared = report.session.journal
    assert shared is not None
    for value in (0.25, 0.75, None):
        claim = shared.claim(search(), None)
        assert isinstance(claim, Claim)
        if value is None:
            shared.finish(claim, "failed", None, [], 0.1, "no column is left")
        else:
            rows = [{"score": value, "score_std": 0.0625}]
            shared.finish(claim, "complete", value, rows, 0.1)


def page(tmp_path: Path) -> str:
    return unescape((tmp_path / "outputs" / "sweeps" / "small-123.html").read_text("utf-8"))


def test_the_page_has_the_budget_the_commands_and_the_errors(
    report: SweepReport, tmp_path: Path
) -> None:
    end_trials(report)
    report.write()
    text = page(tmp_path)
    for part in (
        COMMAND,
        "3 trials, 1.5 minutes, 2 at once",
        "<dt>Seed</dt><dd>7</dd>",
        "0.750 ± 0.062",
        "no column is left",
        "./relay run split.test_size=0.3 a=",
    ):
        assert part in text
    assert "not finished" not in text


def test_a_sweep_that_is_interrupted_has_a_page(report: SweepReport, tmp_path: Path) -> None:
    end_trials(report)
    report.write(is_running=True)
    assert "not finished" in page(tmp_path)


def test_the_page_is_written_while_trials_run_for_a_small_share_of_the_time(
    report: SweepReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]

    def draw(*_: object, **__: object) -> str:
        now[0] += 0.5
        return f"as of {now[0]}"

    monkeypatch.setattr("relay.commands.sweep.report.time.monotonic", lambda: now[0])
    monkeypatch.setattr("relay.commands.sweep.report.sweep_page", draw)
    for _ in range(600):
        now[0] += 1
        report.refresh()
    spent = now[0] - 1000 - 600
    assert 0.01 < spent / (now[0] - 1000) <= 0.02
    assert now[0] - float(page(tmp_path).removeprefix("as of ")) < 30


def test_the_path_of_the_page_is_printed_once_before_the_first_trial(
    report: SweepReport, tmp_path: Path
) -> None:
    report.refresh()
    assert "not finished" in page(tmp_path)
    assert 'http-equiv="refresh"' in page(tmp_path)
    report.refresh()
    stream = report.session.console.file
    assert isinstance(stream, io.StringIO)
    assert stream.getvalue().count("outputs/sweeps/small-123.html") == 1
    end_trials(report)
    report.write()
    assert 'http-equiv="refresh"' not in page(tmp_path)


def test_without_a_trial_there_is_no_page(report: SweepReport, tmp_path: Path) -> None:
    report.write()
    assert not (tmp_path / "outputs").exists()


def test_the_winner_is_the_newest_run_if_its_command_is_the_winners(
    report: SweepReport, tmp_path: Path
) -> None:
    end_trials(report)
    config = report.session.scoring_step.plain
    folder = tmp_path / "outputs" / "2026-11-27T10-00-00"
    folder.mkdir(parents=True)
    (folder / "index.html").touch()
    (tmp_path / "outputs" / "latest").symlink_to(folder.name)
    steps = [
        {"name": "split", "metrics": {"rows": 9}},
        {"name": "train", "metrics": {"cv_r2_mean": 0.4}},
        {"name": "evaluate", "metrics": {"r2": 0.44, "mae": 48.6, "mse": 1, "rmse": 2, "mape": 3}},
    ]
    summary = {"command": config.command, "status": "succeeded", "steps": steps}
    (folder / "summary.json").write_text(json.dumps(summary))
    report.write(winner=report.find_run(config))
    text = page(tmp_path)
    assert '<a href="../2026-11-27T10-00-00/index.html">' in text
    assert "<dt>split</dt>" not in text
    assert "rmse" in text
    assert "mape" not in text  # the first metrics are enough
    (folder / "summary.json").write_text(json.dumps({**summary, "command": "another"}))
    assert report.find_run(config) is None
