"""Parameters of a step that scores trials of a sweep."""

from __future__ import annotations

from pydantic import Field

from relay import Params as BaseParams


class Params(BaseParams):
    left_artifact: str = Field(description="a text")
    made_artifact: str = Field("made", description="the text that is made")
    value: float = Field(0, description="the score after each fold")
    folds: int = Field(2, ge=1, description="the number of folds")
    seconds: float = Field(0, ge=0, description="how long a fold takes")
