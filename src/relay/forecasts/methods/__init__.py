"""Methods of forecasting, each with its library; a library is imported only when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from relay.forecasts.series import Floats, Series
from relay.util.errors import RelayError

Progress = Callable[[Mapping[str, float], int], None]
"""Takes the numbers after an epoch, and the largest number of epochs."""


class Fitted(Protocol):
    """A fitted method."""

    @property
    def packages(self) -> Sequence[str]:
        """Return the packages that it needs, besides numpy and pandas."""

    def forecast(self, known: Sequence[Series], horizon: int) -> Floats:
        """Return the `horizon` values after the end of each of `known` (series x horizon).

        Raises RelayError if it cannot forecast one of them.
        """

    def save(self, folder: Path) -> Mapping[str, Any]:
        """Write its files into `folder`, and return the rest as plain values."""


class Method(Protocol):
    """A module of this package."""

    def check(self, params: Mapping[str, Any]) -> None:
        """Check the parameters. Raises ConfigError if one is unknown or wrong."""

    def fit(
        self, series: Sequence[Series], settings: Mapping[str, Any],
        later: Sequence[Series] | None, progress: Progress,
    ) -> Fitted:  # fmt: skip
        """Return the method fitted to `series`.

        `settings` are its parameters with window, horizon, season, log and seed. `later` has the
        same series with the values after them: the method may choose by these when to stop.
        """

    def load(self, folder: Path, content: Mapping[str, Any]) -> Fitted:
        """Return what `save` wrote. Raises RelayError if it cannot be loaded safely."""


def method_named(name: str) -> Method:
    """Return the method `name`.

    Raises RelayError if its library is not installed in this environment.
    """
    try:
        module: Any = import_module(f"relay.forecasts.methods.{name}")
    except ModuleNotFoundError as error:
        raise RelayError(
            f"model={name} needs the package {error.name}, which this environment does not have. "
            "Run the step in the environment that config/model names, without env_manager=local."
        ) from error
    method: Method = module
    return method
