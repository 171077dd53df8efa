"""The errors of the W&B SDK, as errors for people to read."""

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
    """Turn any error of the SDK into RelayError, as its errors have no common base class."""
    try:
        yield
    except RelayError:
        raise
    except Exception as error:
        raise RelayError(f"{_WHO}{text_of(error)}") from error


@contextlib.contextmanager
def uploading(content: str) -> Iterator[None]:
    """Turn any error into UploadError: W&B did not take `content`, though the work was done."""
    try:
        with errors():
            yield
    except RelayError as error:
        text = str(error).removeprefix(_WHO)
        raise UploadError(f"W&B did not take {content}: {text}") from error


def text_of(error: BaseException) -> str:
    """Return the text of an SDK's error in one line, without secrets."""
    text = " ".join(str(error).split()) or type(error).__name__
    return redact(text.partition(" while retrying")[0])[:_LONGEST_TEXT]
