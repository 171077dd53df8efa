"""Parameters of `classify`."""

from __future__ import annotations

from pydantic import Field

from relay import Params as BaseParams


class Params(BaseParams):
    """How the classifier is fitted, and how good it must be."""

    input_artifact: str = Field(description="the counted words")
    classify_artifact: str = Field("classify", description="name of the classifier")
    smoothing: float = Field(1.0, gt=0, description="added to the count of each word")
    folds: int = Field(3, ge=2, description="of the cross-validation")
    least_accuracy: float = Field(0.5, ge=0, le=1, description="below it, the step fails")
