"""Parameters of `get_data`."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from relay.names import did_you_mean, nearest
from relay.params import Params as BaseParams

SCHEMES = ("http", "https", "file", "sklearn")
SKLEARN_SETS = ("diabetes", "wine", "breast_cancer", "iris", "digits")


class Params(BaseParams):
    raw_artifact: str = Field("raw", description="name of the file as it came")
    url: str = Field(
        min_length=1,
        description="http(s)://, file://, sklearn://NAME, or a path from the project's root",
    )
    sha256: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="digest that the file must have"
    )
    max_mb: float = Field(2000, gt=0, description="largest download, in megabytes (10^6 bytes)")

    @field_validator("url")
    @classmethod
    def _known_source(cls, url: str) -> str:
        scheme = scheme_of(url)
        if scheme and scheme not in SCHEMES:
            near = nearest(scheme, SCHEMES)
            hint = f" Did you mean '{near}://'?" if near else ""
            raise ValueError(
                f"'{scheme}://' is not supported: use http(s)://, file://, sklearn:// or a "
                f"path.{hint}"
            )
        if scheme in ("http", "https"):
            try:
                host, _ = urlsplit(url).hostname, urlsplit(url).port
            except ValueError as error:
                raise ValueError(f"not a URL: {error}") from error
            if not host:
                raise ValueError("the URL names no host")
        if scheme == "sklearn" and sklearn_name(url) not in SKLEARN_SETS:
            raise ValueError(
                f"scikit-learn has no data set '{sklearn_name(url)}' that Relay knows."
                f"{did_you_mean(sklearn_name(url), SKLEARN_SETS)}"
            )
        return url


def scheme_of(url: str) -> str:
    """The scheme of `url` in lower case; empty for a path."""
    scheme, separator, _ = url.partition("://")
    return scheme.lower() if separator and scheme.isidentifier() else ""


def sklearn_name(url: str) -> str:
    """`iris` of `sklearn://iris`."""
    return url.partition("://")[2].strip("/")
