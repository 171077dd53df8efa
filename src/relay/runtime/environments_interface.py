"""What a run needs of the environments of its components, whatever manages them.

environment_builder.py has those of conda, uv and virtualenv, containers/images.py has images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from relay.runtime.component import Component
from relay.runtime.environments import Environment


class Environments(Protocol):
    """The environments of a run's components, with a manager or as images."""

    def find_missing(self, components: Sequence[Component]) -> list[Component]:
        """Return the components whose environment must be built.

        Raises RelayError if what manages the environments does not answer.
        """

    def build(self, components: Sequence[Component]) -> None:
        """Build the environments that `components` do not have yet.

        Raises RelayError if a build fails, Interrupted if a signal stops it.
        """

    def get(self, component: Component) -> Environment:
        """Return the environment of a component, which was there or has been built."""
