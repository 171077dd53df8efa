"""Parameters of `mail_count`."""

from __future__ import annotations

from pydantic import Field

from relay import Params as BaseParams


class Params(BaseParams):
    """Which words count."""

    input_artifact: str = Field(description="the mails: a folder for each kind")
    count_artifact: str = Field("count", description="name of the counted words")
    shortest: int = Field(3, ge=1, description="letters of a word that counts")
