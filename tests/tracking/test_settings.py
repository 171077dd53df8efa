"""The settings of tracking travel to the components in variables."""

from __future__ import annotations

from dataclasses import fields

import pytest

from relay.tracking import TrackingSettings

FULL = TrackingSettings(
    backend="wandb",
    project="houses",
    entity="team",
    registry="model",
    tags=("nightly", "with space", "é=1"),
    notes="two lines,\nand a comma",
)


@pytest.mark.parametrize("settings", [TrackingSettings(), FULL])
def test_what_is_sent_arrives(settings: TrackingSettings) -> None:
    assert TrackingSettings.from_environ(settings.to_environ()) == settings


def test_every_setting_is_sent() -> None:
    defaults = TrackingSettings()
    for field in fields(TrackingSettings):
        assert getattr(FULL, field.name) != getattr(defaults, field.name)
    assert len(FULL.to_environ()) == len(fields(TrackingSettings))


def test_without_variables_a_component_runs_alone() -> None:
    assert TrackingSettings.from_environ({}) == TrackingSettings(backend="auto", project="relay")


def test_defaults_are_sent_too_so_that_no_older_variable_stays() -> None:
    environ = {**FULL.to_environ(), **TrackingSettings().to_environ()}
    assert TrackingSettings.from_environ(environ) == TrackingSettings()


def test_empty_tags_are_none() -> None:
    assert TrackingSettings.from_environ({"RELAY_TAGS": "a,,b,"}).tags == ("a", "b")
