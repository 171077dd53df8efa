"""The functions that the files of config/ call in references, such as `${stem:...}`."""

from __future__ import annotations

import functools

from omegaconf import OmegaConf

from relay.tracking.artifact_names import model_stem, url_stem
from relay.util.names import column_name

_RESOLVERS = {"stem": url_stem, "model_stem": model_stem, "column": column_name}


@functools.cache
def register_resolvers() -> None:
    """Let OmegaConf resolve these functions."""
    for name, resolver in _RESOLVERS.items():
        OmegaConf.register_new_resolver(name, resolver, replace=True)
