"""The files of the configuration: the groups, and the settings that their files declare."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

MAIN = "config.yaml"
_DEFAULTS = "defaults"
_GLOBAL = "_global_"
_PACKAGE = ["#", "@package", _GLOBAL]
_USAGE = re.compile(r"^# *(?P<purpose>.+?): (?:\./relay run|python main\.py) (?P<command>.+)$")
_PIPELINE = "pipeline"
_REFERRED = re.compile(r"\$\{(\w+)")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class ConfigFiles:
    """The folder of the configuration, and the groups that its config.yaml names.

    `options` maps each group to its default option. A file of a group with a default declares
    settings; one of a group without (`experiment`) only changes those of others.
    """

    folder: Path
    options: Mapping[str, str | None]

    @classmethod
    def read(cls, folder: Path) -> ConfigFiles:
        """Read config.yaml in `folder`."""
        options: dict[str, str | None] = {}
        for default in _content(folder / MAIN).get(_DEFAULTS) or []:
            if isinstance(default, Mapping):
                options |= {
                    str(group): option for group, option in default.items() if "@" not in str(group)
                }
        return cls(folder, options)

    @property
    def groups(self) -> list[str]:
        """Return the groups that have options to choose."""
        return list(self.options)

    @property
    def declaring(self) -> list[str]:
        """Return the groups whose files declare settings."""
        return [group for group, option in self.options.items() if option is not None]

    def option_names(self) -> dict[str, list[str]]:
        """Return the names of the options of each group that declares settings."""
        return {
            group: sorted(path.stem for path in (self.folder / group).glob("*.yaml"))
            for group in self.declaring
        }

    def main(self) -> dict[str, Any]:
        """Return the settings of config.yaml."""
        content = _content(self.folder / MAIN)
        return {key: value for key, value in content.items() if key != _DEFAULTS}

    def declared(self, choices: Mapping[str, str]) -> dict[str, Any]:
        """Return all settings that exist; `choices` are the options chosen from the groups.

        They are in config.yaml, and in the files that the chosen ones are built on: a key that is
        not in config/data/table.yaml cannot be set by config/data/pokemon.yaml. A pipeline that is
        built on another adds groups of settings for its own steps.
        """
        settings = self.main()
        for group in self.declaring:
            chosen = self.folder / group / f"{choices.get(group)}.yaml"
            for path in _bases(chosen):
                _declare(settings, path, group)
            for path in _chain(chosen):
                for name, content in _added_groups(path).items():
                    settings.setdefault(name, content)
        return settings

    @cached_property
    def open_mappings(self) -> list[str]:
        """Return the settings that are `{}` where they are declared, so that they take any key."""
        settings = self.main()
        keys = dict.fromkeys(_empty_mappings(settings))
        for group in self.declaring:
            for path in sorted((self.folder / group).glob("*.yaml")):
                own = _added_groups(path)
                content = _content(path)
                if content and not _parents(path, content):
                    _declare(own, path, group, content)
                keys |= dict.fromkeys(_empty_mappings(own))
        return list(keys)

    def usage(self, group: str, option: str | None = None) -> str:
        """Return ` Any table of yours: data=table ...`, the usage of a group's options.

        It is in the first lines of the files that `option` is built on, or of all the group's.
        """
        folder = self.folder / group
        chosen = [folder / f"{option}.yaml"] if option else sorted(folder.glob("*.yaml"))
        bases = dict.fromkeys(base for path in chosen for base in _bases(path))
        lines = (_USAGE.match(_first_line(path)) for path in bases if path.is_file())
        return "".join(f" {line['purpose']}: {line['command']}." for line in lines if line)


@dataclass(frozen=True)
class Origin:
    """The origin of a configuration: its files, the options chosen from groups, its overrides."""

    files: ConfigFiles
    choices: Mapping[str, str]
    overrides: Sequence[str]

    def place_of(self, key: str) -> str:
        """Return ` (in config/local/default.yaml)`, with the last file that sets `key`.

        "" if no file does, or if an override sets it, which the user sees.
        """
        given = {override.lstrip("+~").partition("=")[0] for override in self.overrides}
        given -= set(self.files.groups)
        if any(key == name or key.startswith(f"{name}.") for name in given):
            return ""
        folder = self.files.folder
        for path, package in reversed(list(self._chosen_files())):
            inside = key if not package else key.removeprefix(f"{package}.")
            if (inside != key or not package) and _has(_content(path), inside):
                return f" (in {folder.name}/{path.relative_to(folder).as_posix()})"
        return ""

    def usage(self, key: str) -> str:
        """Return the usage of the option that was chosen from the group of `key`; may be empty."""
        group = key.partition(".")[0]
        is_declared = group in self.files.declaring
        return self.files.usage(group, self.choices.get(group)) if is_declared else ""

    def _chosen_files(self) -> Iterator[tuple[Path, str]]:
        """Yield the files that were chosen from the groups, each with its place in the tree."""
        for choice, name in self.choices.items():
            group, _, package = choice.partition("@")
            path = self.files.folder / group / f"{name}.yaml"
            if path.is_file():
                yield path, "" if package == _GLOBAL or _is_global(path) else group


def unreadable_file(folder: Path) -> str | None:
    """Return the message for the first file in `folder` that cannot be read, or None."""
    for path in sorted(folder.rglob("*.yaml")):
        problem = _problem_of(path)
        if problem is not None:
            return f"{folder.name}/{path.relative_to(folder).as_posix()}: {problem}"
    return None


def _problem_of(path: Path) -> str | None:
    try:
        content = path.read_bytes()
        tree = yaml.safe_load(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return f"line {line} is not UTF-8. Save the file in that encoding."
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        return f"not valid YAML: {where}{getattr(error, 'problem', None) or error}. Correct it."
    except OSError as error:
        return f"cannot be read ({error.strerror}). Check its owner and its rights."
    if tree is not None and not isinstance(tree, dict):
        kind = "a list" if isinstance(tree, list) else "a single value"
        return f"contains {kind}. Write each setting as `key: value` on its own line."
    return None


def _content(path: Path) -> dict[str, Any]:
    """Return the mapping in the file `path`, or {} if it cannot be read, which Hydra reports."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - safe
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _parents(path: Path, content: Mapping[str, Any] | None = None) -> list[Path]:
    """Return the files of its own group that the file `path` is built on.

    `content` is that of the file, if it has been read.
    """
    defaults = (_content(path) if content is None else content).get(_DEFAULTS) or []
    names = [name for name in defaults if isinstance(name, str) and not name.startswith(("_", "/"))]
    # default@pipeline: a file, and the place of its settings in the tree
    return [path.parent / f"{name.partition('@')[0]}.yaml" for name in names]


def _bases(path: Path) -> list[Path]:
    """Return the first files of the chain that `path` is built on, or `path` itself."""
    parents = _parents(path)
    return [base for parent in parents for base in _bases(parent)] if parents else [path]


def _chain(path: Path) -> list[Path]:
    """Return `path` and all files that it is built on, those first."""
    return [*(file for parent in _parents(path) for file in _chain(parent)), path]


def _added_groups(path: Path) -> dict[str, Any]:
    """Return the groups of settings that the pipeline in the file `path` adds to its bases'.

    Only those that a step of that file reads: any other is a misspelled name.
    """
    if not path.is_file() or not _is_global(path) or not _parents(path):
        return {}
    content = _content(path)
    pipeline = content.get(_PIPELINE)
    steps = pipeline.get("steps") if isinstance(pipeline, Mapping) else None
    blocks = list(steps.values()) if isinstance(steps, Mapping) else []
    named = {
        str(name).partition(".")[0]
        for block in blocks
        if isinstance(block, Mapping)
        for name in block.get("settings") or []
    }
    referred = set(_REFERRED.findall(str(blocks)))
    return {
        key: value
        for key, value in content.items()
        if key not in (_DEFAULTS, _PIPELINE) and key in named | referred
    }


def _declare(
    settings: dict[str, Any], path: Path, group: str, content: Mapping[str, Any] | None = None
) -> None:
    """Add the settings of the file `path` to `settings`, at their place.

    `content` is that of the file, if it has been read.
    """
    read = _content(path) if content is None else content
    own = {key: value for key, value in read.items() if key != _DEFAULTS}
    _merge(settings, own if _is_global(path) else {group: own})


def _merge(settings: MutableMapping[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(settings.get(key), dict):
            _merge(settings[key], value)
        else:
            settings[key] = dict(value) if isinstance(value, Mapping) else value


def _empty_mappings(settings: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            if not value:
                yield f"{prefix}{key}"
            yield from _empty_mappings(value, f"{prefix}{key}.")


def _is_global(path: Path) -> bool:
    return _first_line(path).split() == _PACKAGE


def _first_line(path: Path) -> str:
    return path.read_text(encoding="utf-8").lstrip().partition("\n")[0]


def _has(content: Mapping[str, Any], key: str) -> bool:
    node: Any = content
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return False
        node = node[part]
    return True
