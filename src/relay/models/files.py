"""The files of a saved model: checks that they run no other code, and loading them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import skops.io
import yaml
from skops.io.exceptions import UntrustedTypesFoundException

import relay_dates
import relay_nets
from relay.models.formats import formats
from relay.models.formats.interface import ModelFormat, Scores
from relay.models.libraries import libraries
from relay.models.trusted import require_trusted, trusted_types
from relay.util.errors import RelayError

MODEL_FILE = "model.skops"
_FORMAT = "skops"
_CODE_FOLDER = "code"
_OWN_CODE = (relay_dates, relay_nets)
_ENVIRONMENTS = {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}
_SERVED = "python_function"
"""The flavor by which MLflow serves a model."""
_FLAVORS = frozenset({_SERVED, "sklearn"})
REQUIREMENTS = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")
"""The packages that each of Relay's models needs to predict, besides those of its library."""
_OF_MLFLOW = ("-r requirements.txt", "setuptools", "wheel")
_INSTALLERS = ("python", "pip", "setuptools", "wheel")
_VERSIONS = r"( *(==?|>=|<=|~=|<|>) *[\w.*+!-]+,?)*( *; *sys_platform *(==|!=) *['\"]darwin['\"])?"


def require_safe(
    folder: Path, flavors: Mapping[str, Mapping[str, Any]], name: str, more: Collection[str]
) -> None:
    """Check that the files of the MLflow model in `folder` lead to no code but Relay's.

    `load` and `require_servable` check its skops file. Raises RelayError if the model is saved
    in another format, has code, names other files or ways to load it, or needs types that are
    neither trusted nor in `more`.
    """
    flavor = flavors["sklearn"]
    serialization = flavor.get("serialization_format")
    if serialization != _FORMAT:
        raise RelayError(
            f"{name} is saved as {serialization or 'pickle'}, which can run any code when it is "
            "loaded. Save it again with mlflow.sklearn.save_model(..., "
            f"serialization_format='{_FORMAT}')."
        )
    require_trusted(
        map(str, flavor.get("skops_trusted_types") or []), f"{name} is not loaded", more
    )
    _require_own_code(folder, name, flavor.get("code"))
    _refuse_entries(_strange_entries(flavors), name)
    _refuse_links(folder, name)
    _require_archive(folder / MODEL_FILE, name)


def require_safe_format(
    folder: Path, flavors: Mapping[str, Mapping[str, Any]], format: ModelFormat, name: str
) -> Path:
    """Return the file of the MLflow model in `folder`, which holds numbers in `format`.

    Raises RelayError if the model has code, or names other files or ways to load it, and if the
    library that can check it is not installed.
    """
    own, serving = flavors[format.flavor], flavors.get("python_function")
    _refuse_entries(
        [
            *(f"the flavor {other}" for other in sorted(set(flavors) - {format.flavor, _SERVED})),
            *format.strange_entries(own),
            *_strange_serving(serving, f"mlflow.{format.flavor}", {"data": own.get("data")}),
        ],
        name,
    )
    _refuse_links(folder, name)
    path = folder / str(own["data"])
    if not path.is_file():
        raise RelayError(
            f"{name} cannot be loaded: it has no file {path.name}. Train it again: steps=train+"
        )
    with _errors_of(format, name):
        format.require_safe(path, name)
    return path


def load_format(path: Path, format: ModelFormat, columns: Sequence[str], name: str) -> Scores:
    """Return the function that scores tables by the model at `path`, which has been checked.

    Raises RelayError if it cannot be loaded.
    """
    with _errors_of(format, name):
        return format.load(path, columns)


@contextmanager
def _errors_of(format: ModelFormat, name: str) -> Iterator[None]:
    try:
        yield
    except RelayError:
        raise
    except ImportError as error:
        raise RelayError(
            f"{name} is a model in the format {format.flavor}, and the environment of this step "
            f"does not have {error.name or format.flavor}. Let the step run in one that has: "
            f"`environment: NAME` in its block of the pipeline, such as "
            f"{format.environment or 'a new one'}."
        ) from error
    except Exception as error:  # whatever a broken file or another version of a library raises
        raise _not_loaded(name, error) from error


def _refuse_entries(strange: Sequence[str], name: str) -> None:
    if strange:
        raise RelayError(
            f"{name} is not loaded: its file MLmodel has {', '.join(strange)}, which Relay does "
            "not write. Train it again: steps=train+"
        )


def _refuse_links(folder: Path, name: str) -> None:
    links = sorted(file.name for file in folder.rglob("*") if file.is_symlink())
    if links:
        raise RelayError(
            f"{name} is not loaded: {links[0]} is a link to another file. Copy the file "
            "into its place."
        )


def load(path: Path, name: str, more: Collection[str]) -> Any:
    """Return the object in the skops file at `path`.

    Raises RelayError if it cannot be loaded, or has a type that is not trusted.
    """
    try:
        return skops.io.load(path, trusted=sorted({*trusted_types(), *more}))
    except UntrustedTypesFoundException as error:
        require_trusted(types_in(path, name), f"{name} is not loaded", more)
        raise _not_loaded(name, error) from error
    except Exception as error:  # whatever a broken file or another version of a library raises
        raise _not_loaded(name, error) from error


def require_servable(folder: Path, name: str, more: Collection[str]) -> None:
    """Check that MLflow can serve the model in `folder`, which has passed `require_safe`.

    MLflow trusts the types that a model names, and installs the packages that its files require.
    Nothing is loaded. Raises RelayError if this could run any code but Relay's.
    """
    if (folder / MODEL_FILE).is_file():
        require_trusted(types_in(folder / MODEL_FILE, name), f"{name} is not registered", more)
    packages = list(REQUIREMENTS)
    for known in [one.distributions for one in libraries().values()]:
        packages += known
    for known in [one.distributions for one in formats().values()]:
        packages += [package for package in known if package not in packages]
    allowed = re.compile(rf"({'|'.join([*packages, *_INSTALLERS])}){_VERSIONS}")
    strange = [line for line in _requirements(folder) if not allowed.fullmatch(line.strip())]
    if strange:
        raise RelayError(
            f"{name} is not registered: its files require '{strange[0]}', which is not a version "
            f"of {', '.join(packages)}. Save it with pip_requirements= of these, and train it "
            "again: steps=train+"
        )


def _requirements(folder: Path) -> list[str]:
    """Return the requirements that MLflow installs for the model in `folder`, of all its files."""
    path = folder / "requirements.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for file in _ENVIRONMENTS.values():
        path = folder / file
        if path.is_file():
            lines += _texts(yaml.safe_load(path.read_text(encoding="utf-8")))
    return [line for line in lines if line.strip()]


def _texts(node: Any) -> list[str]:
    """Return the texts in a YAML node, without those that MLflow writes into each file."""
    if isinstance(node, Mapping):
        rest = {key: value for key, value in node.items() if key not in ("name", "python")}
        if rest.get("channels") == ["conda-forge"]:
            del rest["channels"]
        return [text for value in rest.values() for text in _texts(value)]
    if isinstance(node, list):
        return [text for value in node for text in _texts(value)]
    return [] if node in _OF_MLFLOW else [str(node)]


def types_in(path: Path, name: str) -> list[str]:
    """Return the types in the skops file at `path` that skops itself does not trust.

    Raises RelayError if the file cannot be read.
    """
    try:
        return list(skops.io.get_untrusted_types(file=path))
    except Exception as error:  # as above
        raise _not_loaded(name, error) from error


def _not_loaded(name: str, error: Exception) -> RelayError:
    return RelayError(
        f"{name} cannot be loaded: {type(error).__name__}: {error}. Train it again: steps=train+"
    )


def _require_archive(path: Path, name: str) -> None:
    """Check that `path` is an archive as skops writes it, which compresses nothing.

    A few compressed bytes can fill all memory. Raises RelayError if it is another file.
    """
    if not path.is_file():
        raise RelayError(
            f"{name} cannot be loaded: it has no file {path.name}. Train it again: steps=train+"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise RelayError(
            f"{name} cannot be loaded: {path.name} is not in the format {_FORMAT} ({error}). "
            "Other formats can run any code when they are loaded. Train it again: steps=train+"
        ) from error
    if unpacked > path.stat().st_size:
        raise RelayError(
            f"{name} is not loaded: {path.name} has {path.stat().st_size} bytes and unpacks to "
            f"{unpacked}. Models are saved unpacked."
        )


def _strange_entries(flavors: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the entries of an MLmodel file's flavors that lead to other files or other code."""
    entries = [f"the flavor {name}" for name in sorted(set(flavors) - _FLAVORS)]
    if flavors["sklearn"].get("pickled_model") != MODEL_FILE:
        entries.append(f"pickled_model: {flavors['sklearn'].get('pickled_model')}")
    serving = flavors.get(_SERVED)
    expected = {"model_path": MODEL_FILE, "predict_fn": "predict"}
    entries += _strange_serving(serving, "mlflow.sklearn", expected)
    if serving is not None and serving.get("code") not in (None, flavors["sklearn"].get("code")):
        entries.append(f"{_SERVED}.code: {serving['code']}")
    return entries


def _strange_serving(
    serving: Mapping[str, Any] | None, loader: str, more: Mapping[str, Any]
) -> list[str]:
    """Return the entries for serving with MLflow that differ from `loader` and `more`."""
    if serving is None:
        return []
    expected = {"loader_module": loader, "env": _ENVIRONMENTS, **more}
    known = {*expected, "python_version", *(["code"] if "predict_fn" in more else [])}
    entries = [f"{_SERVED}.{key}" for key in sorted(set(serving) - known)]
    return entries + [
        f"{_SERVED}.{key}: {serving.get(key)}"
        for key, value in expected.items()
        if serving.get(key) != value
    ]


def _require_own_code(folder: Path, name: str, code: object) -> None:
    """Check that a model has no `code`, which is run, but Relay's own for dates and networks.

    Raises RelayError if it has.
    """
    if not code:
        return
    own = {path.name: path for module in _OWN_CODE for path in [Path(str(module.__file__))]}
    files = sorted((folder / _CODE_FOLDER).rglob("*"))
    strange = [
        path.name
        for path in files
        if path.is_symlink()
        or path.name not in own
        or path.parent.name != _CODE_FOLDER
        or path.read_bytes() != own[path.name].read_bytes()
    ]
    if code != _CODE_FOLDER or strange or not files:
        listed = " and ".join(sorted(own))
        raise RelayError(
            f"{name} is not loaded: it brings code that is not this version's {listed}. "
            "Train it again: steps=train+"
        )
