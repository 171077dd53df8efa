"""The types that a model may have: loading it, and predicting with it, runs no code but theirs.

A saved model names the types that it is made of, and whoever can write its files can name any.
So the types are compared with a list of exact names: what skops knows to be harmless (the
estimators of scikit-learn, the ufuncs of numpy), those below, and those that the adapters of the
libraries list. Only the setting `trusted_types` adds to them, never a file of the model.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from typing import Annotated

from pydantic import AfterValidator

from relay.models.libraries import libraries
from relay.util.errors import RelayError

SETTING = "trusted_types"

_OWN_TYPES = frozenset({"collections.OrderedDict", "numpy.dtype", "relay_dates.DateFeatures"})


@functools.cache
def trusted_types() -> frozenset[str]:
    """Return the types that Relay trusts besides those that skops does."""
    return _OWN_TYPES.union(*(library.trusted_types for library in libraries().values()))


def _full_names(names: list[str]) -> list[str]:
    """Return `names`. Raises ValueError if one is not the full name of a type."""
    for name in names:
        parts = name.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise ValueError(
                f"'{name}' is not the full name of a type, such as sklearn.linear_model.Ridge"
            )
    return names


TrustedTypes = Annotated[list[str], AfterValidator(_full_names)]
TRUSTED_TYPES_ARE = "full names of types that a model may hold besides those that Relay trusts"


def require_trusted(types: Iterable[str], name: str, more: Collection[str]) -> None:
    """Check that each of `types` is on Relay's list or in `more`, that of the settings.

    Raises RelayError, with `name`, if one is not.
    """
    strange = sorted(set(types) - trusted_types() - set(more))
    if strange:
        listed = ", ".join(strange)
        raise RelayError(
            f"{name}: it has {listed}, which Relay does not trust: with it, a model can run any "
            f"code. If you made the model and know the type, allow it: {SETTING}=[{listed}]."
        )
