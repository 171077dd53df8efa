"""Parameters of a step that takes texts and makes one."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from relay import Params as BaseParams


class Params(BaseParams):
    left_artifact: str | None = Field(None, description="a text")
    right_artifact: str | None = Field(None, description="another text")
    made_artifact: str = Field("made", description="the text that is made")
    text: str = Field("", description="what is added")
    seconds: float = Field(0, ge=0, description="how long that takes")
    fail: bool = Field(False, description="make nothing")
    warning: str = Field("", description="what it warns of")
    source: str | None = Field(None, description="a file whose text is added, too")


def source_state(params: Params) -> str | None:
    """Return the file's text itself."""
    return Path(params.source).read_text(encoding="utf-8") if params.source else ""
