"""What decides a step's outputs: every part of it changes the digest, and is named."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from relay.step.fingerprint import Fingerprint, describe_changes

BASE = Fingerprint(
    code={"components/train/run.py": "1", "components/train/requirements.txt": "2"},
    params={"seed": 42, "model": {"alpha": 1}},
    inputs={"train": "abc"},
    state={"source": "10 bytes"},
    aliases={"flats_model:champion": None},
)
OTHERS = [
    (replace(BASE, code={**BASE.code, "components/train/run.py": "9"}), "components/train/run.py"),
    (replace(BASE, code={**BASE.code, "src/relay/new.py": "9"}), "code: src/relay/new.py"),
    (replace(BASE, code={**BASE.code, "components/train/requirements.txt": "9"}), "the lock"),
    (replace(BASE, params={**BASE.params, "model": {"alpha": 2}}), "parameter model.alpha"),
    (
        replace(BASE, params={**BASE.params, "model": {**dict.fromkeys("abcd"), "alpha": 1}}),
        "parameter model",
    ),
    (replace(BASE, params={**BASE.params, "model": 3}), "parameter model"),
    (replace(BASE, params={"seed": 42}), "parameter model"),
    (replace(BASE, inputs={"train": "abd"}), "input train"),
    (replace(BASE, state={"source": "11 bytes"}), "source"),
    (replace(BASE, aliases={"flats_model:champion": "abc"}), "flats_model:champion"),
]


@pytest.mark.parametrize(("other", "named"), OTHERS)
def test_each_part_changes_the_digest_and_is_named(other: Fingerprint, named: str) -> None:
    assert other.digest != BASE.digest
    [change] = describe_changes(other, json.loads(BASE.to_json()))
    assert named in change


def test_the_order_of_keys_is_nothing() -> None:
    other = replace(BASE, params=dict(reversed(list(BASE.params.items()))))
    assert other.digest == BASE.digest
    assert describe_changes(other, json.loads(BASE.to_json())) == []


def test_a_step_that_no_run_has_made_is_described_as_such() -> None:
    assert describe_changes(BASE, None) == ["never made"]
    assert describe_changes(BASE, {}) == ["not made by a pipeline run"]


def test_the_alias_is_one_that_every_backend_takes() -> None:
    assert BASE.alias.startswith("cache-")
    assert len(BASE.alias) < 64
