"""What the W&B SDK raises, as errors that people are meant to read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from relay.tracking.interface import UploadError
from relay.util.errors import RelayError
from relay.util.redact import redact

_WHO = "W&B: "
_LONGEST_TEXT = 300  # characters of an error of the SDK's


@contextlib.contextmanager
def errors() -> Iterator[None]:
    """Turn the SDK's errors into ours: all of them, as many have no base class in common."""
    try:
        yield
    except RelayError:
        raise
    except Exception as error:
        raise RelayError(f"{_WHO}{text_of(error)}") from error


@contextlib.contextmanager
def uploading(what: str) -> Iterator[None]:
    """Turn any error into an UploadError: the work was done, and W&B did not take it."""
    try:
        with errors():
            yield
    except RelayError as error:
        text = str(error).removeprefix(_WHO)
        raise UploadError(f"W&B did not take {what}: {text}") from error


def text_of(error: BaseException) -> str:
    """Return the SDK's text of an error, in one line without secrets."""
    text = " ".join(str(error).split()) or type(error).__name__
    return redact(text.partition(" while retrying")[0])[:_LONGEST_TEXT]
