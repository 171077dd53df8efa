"""Tracking of a pipeline run: chosen before the first step, summed up after the last."""

from __future__ import annotations

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from relay.config.schema import TrackingSpec
from relay.pipeline.run_summary import StepSummary, Summary
from relay.pipeline.tracking_setup import choose_tracking, log_summary, run_id
from relay.step.context import RunSettings
from relay.tracking import Backend, RunSpec, TrackingSettings
from relay.tracking.wandb import server_check
from relay.tracking.wandb.login import Login
from relay.util.errors import ConfigError, RelayError
from tests.unit.pipeline.backstage import Backstage

KEY = "k" * 40
URL = "https://wandb.example.com"


def spec(**changes: Any) -> TrackingSpec:
    values: dict[str, Any] = {
        "backend": "auto",
        "project": "houses",
        "entity": None,
        "group": None,
        "registry": "model",
        "tags": ("nightly",),
        "notes": "words",
    }
    return TrackingSpec.model_validate({**values, **changes})


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[Login]:
    """Return the logins that were tried; the server answers that each belongs to `own`."""
    logins: list[Login] = []

    def probe(login: Login) -> str:
        logins.append(login)
        return "own"

    monkeypatch.setattr(server_check, "probe", probe)
    return logins


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "WANDB_BASE_URL": URL}


def test_without_a_login_auto_is_the_local_store_and_no_server_is_asked(
    probed: list[Login], environ: dict[str, str]
) -> None:
    expected = TrackingSettings("local", "houses", None, "model", ("nightly",), "words")
    assert choose_tracking(spec(), environ) == expected
    assert probed == []


def test_with_a_login_auto_is_wandb_which_is_tried_once(
    probed: list[Login], environ: dict[str, str]
) -> None:
    settings = choose_tracking(spec(), {**environ, "WANDB_API_KEY": KEY})
    assert settings == TrackingSettings("wandb", "houses", "own", "model", ("nightly",), "words")
    assert probed == [Login(URL, KEY)]


def test_the_entity_that_is_named_comes_before_the_keys_own(
    probed: list[Login], environ: dict[str, str]
) -> None:
    settings = choose_tracking(spec(entity="team"), {**environ, "WANDB_API_KEY": KEY})
    assert settings.entity == "team"
    assert len(probed) == 1


def test_local_asks_no_server_despite_a_login(probed: list[Login], environ: dict[str, str]) -> None:
    settings = choose_tracking(spec(backend="local"), {**environ, "WANDB_API_KEY": KEY})
    assert settings.backend == "local"
    assert probed == []


def test_wandb_without_a_login_is_refused(probed: list[Login], environ: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"there is no login.*tracking=local"):
        choose_tracking(spec(backend="wandb"), environ)
    assert probed == []


def test_a_server_that_fails_is_an_error_and_does_not_switch_to_local(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    def probe(login: Login) -> str:
        raise RelayError("it cannot be reached")

    monkeypatch.setattr(server_check, "probe", probe)
    with pytest.raises(RelayError, match="cannot be reached"):
        choose_tracking(spec(), {**environ, "WANDB_API_KEY": KEY})


def test_a_step_has_one_id_in_a_pipeline_run_and_no_other_has_it() -> None:
    assert run_id("2026-01-02-1", "train") == run_id("2026-01-02-1", "train")
    pairs = [("1", "train"), ("2", "train"), ("1", "evaluate"), ("1/a", "b"), ("1", "a-b")]
    assert len({run_id(*pair) for pair in pairs}) == len(pairs)
    assert set(run_id("1", "train")) <= set(string.ascii_lowercase + string.digits)


def settings_of(step: str) -> RunSettings:
    return RunSettings(TrackingSettings(), step, f"id-{step}", "group")


def summed_up(backend: Backstage, *steps: StepSummary) -> None:
    summary = Summary("succeeded", backend.name, "now", "abc", False, list(steps))
    of: Callable[[str], RunSettings] = settings_of
    log_summary(cast(Backend, backend), summary, of, {"run": Path("index.html")})


def test_the_table_of_all_steps_goes_to_the_run_of_the_last_that_was_executed() -> None:
    backend = Backstage()
    summed_up(
        backend,
        StepSummary("get", "cached", outputs={"raw": "raw:v0"}),
        StepSummary("clean", "ran", 1.23456, 0.98765, 50.04, outputs={"a": "a:v1", "b": "b:v0"}),
        StepSummary("check", "not_started"),
        StepSummary("predict", "not_selected"),
    )
    assert backend.specs == [RunSpec("id-clean", "clean group", "clean", "group", git_commit="abc")]
    [row] = backend.rows
    assert row.pages == {"run": Path("index.html")}
    table = row.tables["pipeline"]
    assert table.columns == ("step", "status", "seconds", "cpu_seconds", "max_rss_mb", "outputs")
    assert table.rows == (
        ("get", "cached", 0.0, 0.0, 0.0, "raw:v0"),
        ("clean", "ran", 1.235, 0.988, 50.0, "a:v1, b:v0"),
        ("check", "not started", 0.0, 0.0, 0.0, ""),
    )
    assert backend.ends == [("succeeded", "")]


@pytest.mark.parametrize("status", ["failed", "killed"])
def test_the_run_that_is_continued_ends_as_it_had_ended(status: Any) -> None:
    backend = Backstage()
    summed_up(backend, StepSummary("get", "ran"), StepSummary("clean", status, error="too low"))
    assert backend.specs[0].step == "clean"
    assert backend.ends == [(status, "too low")]


def test_where_nothing_was_executed_nothing_is_written() -> None:
    backend = Backstage()
    summed_up(backend, StepSummary("get", "cached"), StepSummary("clean", "not_started"))
    assert backend.specs == []


def test_a_wandb_server_is_asked_whether_it_is_still_there(
    probed: list[Login], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", URL)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    summed_up(Backstage("local"), StepSummary("get", "ran"))
    assert probed == []
    backend = Backstage("wandb")
    summed_up(backend, StepSummary("get", "ran"))
    assert probed == [Login(URL, KEY)]
    assert len(backend.rows) == 1


def test_a_wandb_server_that_has_gone_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def probe(login: Login) -> str:
        raise RelayError("it cannot be reached")

    monkeypatch.setattr(server_check, "probe", probe)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    backend = Backstage("wandb")
    with pytest.raises(RelayError, match="cannot be reached"):
        summed_up(backend, StepSummary("get", "ran"))
    assert backend.specs == []
