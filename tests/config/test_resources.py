"""The resources of a step: in the pipeline's file or as overrides, with a strict schema."""

from __future__ import annotations

import pytest

from relay.config import compose as config
from relay.pipeline import plan
from relay.step.resources import Resources
from relay.util.errors import ConfigError
from tests.loading import ROOT

BLOCK = "pipeline.steps.train.resources"


def resources(*overrides: str) -> Resources:
    loaded = config.load(ROOT / "config", overrides, ROOT)
    return plan.build(loaded.settings.pipeline)["train"].resources


def test_an_override_needs_no_block_in_the_file() -> None:
    assert resources() == Resources()
    assert resources(f"{BLOCK}.memory_gb=8", f"{BLOCK}.gpus=1") == Resources(memory_gb=8, gpus=1)
    assert resources(f"{BLOCK}={{cpus: 2, queue: long}}") == Resources(cpus=2, queue="long")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (f"{BLOCK}.minuts=8", "minuts: there is no such setting. Did you mean 'minutes'"),
        ("pipeline.steps.trian.resources.cpus=8", "no step 'trian'. Did you mean 'train'"),
        (f"{BLOCK}.cpus=0", "cpus: must be at least 1 (got 0)"),
        (f"{BLOCK}=5", "resources: must be a mapping"),
        (f"{BLOCK}.queue=--a", "queue: must match the pattern"),
    ],
)
def test_a_mistake_is_an_error(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resources(override)
    assert message in str(caught.value)
