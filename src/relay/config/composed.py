"""A composed configuration, and its values for the steps."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from relay.config.files import Origin
from relay.config.schema import Settings
from relay.util.errors import ConfigError, first_line
from relay.util.paths import home_folder, scheme_of
from relay.util.redact import redact
from relay.util.setting_text import shell_word

COMMAND = "./relay run"
INTERPOLATION = re.compile(r"\$\{([\w.]+)\}")


class Config:
    """A composed and validated configuration.

    `origin` has the files and options that it was composed from, and `overrides` the arguments.
    Relative paths in overrides are read from the folder `start`, those in files from the project.
    """

    def __init__(
        self,
        tree: DictConfig,
        settings: Settings,
        origin: Origin | None = None,
        overrides: Sequence[str] = (),
        start: Path | None = None,
    ) -> None:
        self.tree = tree
        self.settings = settings
        self.origin = origin
        self.overrides = overrides
        self.start = start

    @property
    def command(self) -> str:
        """Return the command line that composes it, quoted for a shell, without secrets."""
        return " ".join([COMMAND, *(shell_word(redact(text)) for text in self.overrides)])

    @property
    def as_yaml(self) -> str:
        """Return all settings as YAML, without secrets."""
        return redact(OmegaConf.to_yaml(self.tree))

    def section(self, name: str) -> dict[str, Any]:
        """Return the resolved settings of a group.

        Raises ConfigError if one is missing.
        """
        return resolve(self.tree[name], name, self.origin)

    def params(self, step: str, names: Iterable[str]) -> dict[str, Any]:
        """Return the resolved parameters of `step`, out of the `names` of its component.

        They are the params of the step's block, and the settings with such a name in the groups
        that the step names. Raises ConfigError if a value is missing.
        """
        given = self.tree.pipeline.steps[step].get("params") or OmegaConf.create({})
        values = resolve(given, f"pipeline.steps.{step}.params", self.origin)
        for name in names:
            key = None if name in given else self._group_key(step, name)
            if key is not None:
                values[name] = self._value(key, name)
        return values

    def _value(self, key: str, name: str) -> Any:
        """Return the resolved value of the setting `key`, whose last part is `name`."""
        group = OmegaConf.select(self.tree, key.removesuffix(f".{name}"))
        with _errors_named(key, self.origin):
            value = group[name]
            if OmegaConf.is_config(value):
                value = OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
        return value

    def key_of(self, step: str, param: str) -> str:
        """Return the setting that a step's parameter is read from."""
        name, _, rest = param.partition(".")
        given = self.settings.pipeline[step].params
        value = given.get(name)
        source = INTERPOLATION.fullmatch(value) if isinstance(value, str) else None
        key = source[1] if source else None
        if name not in given:
            key = self._group_key(step, name)
        key = key or f"pipeline.steps.{step}.params.{name}"
        return f"{key}.{rest}" if rest else key

    def place_of(self, key: str) -> str:
        """Return ` (in FILE)` with the file that sets `key`, or "" if an override does."""
        return "" if self.origin is None else self.origin.place_of(key)

    def make_absolute(self, key: str, *, is_written: bool = False) -> None:
        """Make the path at `key` absolute, as components run in their own folders.

        A URL stays as it is. A relative path in the project's files is resolved from the project's
        folder, or, if it `is_written`, from the folder for results: a clone that MLflow made is
        removed later. Raises ConfigError if the value is neither a path nor a URL.
        """
        parent, _, name = key.rpartition(".")
        node = OmegaConf.select(self.tree, parent)
        try:
            value = node.get(name) if isinstance(node, DictConfig) else None
        except OmegaConfBaseException:
            return  # missing, or a reference to a missing one: reported with the step's parameters
        if self.start is None or not isinstance(value, str) or not value:
            return
        try:
            if not scheme_of(value):
                folder = self._folder_of(key)
                if folder is not None and is_written:
                    folder = home_folder(folder, os.environ)
                folder = folder or self.start
                node[name] = str((folder / Path(value).expanduser()).resolve())
        except (ValueError, RuntimeError) as error:
            raise ConfigError(
                f"{key}: not a path and not a URL (got {value!r}): {error}. Correct it."
            ) from error

    def _folder_of(self, key: str) -> Path | None:
        """Return the project's folder if a file of its config sets the path at `key`, else None."""
        parent = key.rpartition(".")[0]
        is_in_mapping = any(text.startswith(f"{parent}={{") for text in self.overrides)
        if self.origin is None or is_in_mapping or not self.origin.place_of(key):
            return None
        return self.origin.files.folder.resolve().parent

    def _group_key(self, step: str, param: str) -> str | None:
        """Return the key of the first setting `param` in the groups that `step` names, or None."""
        for group in self.settings.pipeline[step].settings:
            node = OmegaConf.select(self.tree, group)
            if isinstance(node, DictConfig) and param in node.keys():  # noqa: SIM118 - also if it is "???"
                return f"{group}.{param}"
        return None


def resolve(node: Any, where: str, origin: Origin | None) -> dict[str, Any]:
    """Return the values of `node`, the settings at the key `where`.

    Raises ConfigError if one is missing.
    """
    with _errors_named(where, origin):
        container: Any = OmegaConf.to_container(node, resolve=True, throw_on_missing=True)
    return {str(key): value for key, value in container.items()}


@contextmanager
def _errors_named(where: str, origin: Origin | None) -> Iterator[None]:
    """Turn OmegaConf's errors into ConfigError with the missing setting, or with `where`."""
    try:
        yield
    except MissingMandatoryValue as error:
        raise ConfigError(_missing(error, origin)) from error
    except InterpolationResolutionError as error:
        if "Missing mandatory value" in str(error) or "MissingMandatoryValue" in str(error):
            raise ConfigError(_missing(error, origin)) from error
        raise ConfigError(f"{where}: {first_line(error)}") from error
    except OmegaConfBaseException as error:
        raise ConfigError(f"{where}: {first_line(error)}") from error


def _missing(error: Exception, origin: Origin | None) -> str:
    match = re.search(r"(?:Missing mandatory value: |Interpolation to )'?([\w.]+)", str(error))
    key = match[1] if match else "a setting"
    if isinstance(error, MissingMandatoryValue) and error.full_key:
        key = str(error.full_key)
    usage = "" if origin is None else origin.usage(key)
    return f"{key}: a value is required. Add {key}=VALUE.{usage}"
