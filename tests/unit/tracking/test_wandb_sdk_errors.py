"""What the W&B SDK raises, whatever its class, is one line that people can read."""

from __future__ import annotations

import pytest

from relay.tracking.interface import UploadError
from relay.tracking.wandb.sdk_errors import errors, uploading
from relay.util.errors import ConfigError, Interrupted, RelayError


class ServerResponseError(Exception):
    """As the SDK's own: it has no base class in common with the others."""


def test_an_error_of_any_class_is_one_line() -> None:
    with pytest.raises(RelayError) as caught, errors():
        raise ServerResponseError("run ID 1c0f is in use\n  at stream 3")
    assert str(caught.value) == "W&B: run ID 1c0f is in use at stream 3"
    with pytest.raises(RelayError, match="W&B: KeyError"), errors():
        raise KeyError


def test_our_own_errors_and_signals_stay_what_they_are() -> None:
    with pytest.raises(ConfigError, match=r"^tracking.entity"), errors():
        raise ConfigError("tracking.entity: not given")
    with pytest.raises(Interrupted), errors():
        raise Interrupted(15)


def test_what_was_not_taken_is_named() -> None:
    with (
        pytest.raises(UploadError, match=r"^W&B did not take a_model: giving up$"),
        uploading("a_model"),
    ):
        raise ServerResponseError("giving up while retrying: more than anybody reads")
