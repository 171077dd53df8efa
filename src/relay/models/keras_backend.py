"""The backend that Keras runs on: JAX, TensorFlow or PyTorch, one for each process."""

from __future__ import annotations

import atexit
import functools
import os
import sys
import tempfile
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any, Literal, get_args

from relay.util.errors import ConfigError

Backend = Literal["jax", "tensorflow", "torch"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
_PACKAGES: Mapping[str, tuple[str, ...]] = {"tensorflow": ("tensorflow", "tensorflow-cpu")}
"""The packages that a backend can come from, if they are not called as it is."""


def keras_on(backend: str) -> Any:
    """Import Keras on `backend`, so that two fits with one seed are equal.

    Raises ConfigError if this environment does not have it, or this process has Keras on another.
    """
    if find_spec(backend) is None or find_spec("keras") is None:
        raise ConfigError(
            f"model.backend: this environment does not have Keras on {backend}. Set "
            f"model.environment=keras_{backend}, and do not run the step with env_manager=local."
        )
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its greetings are not errors
    keras = import_module("keras")
    if keras.backend.backend() != backend:
        raise ConfigError(
            f"model.backend: Keras runs on {keras.backend.backend()} in this process, not on "
            f"{backend}. Run the step by itself, in the environment of the model."
        )
    if backend == "jax":
        _keep_compiled()
    if backend == "tensorflow":
        import_module("tensorflow").config.experimental.enable_op_determinism()
    return keras


def keras_for_model(backend: str) -> Any:
    """Import Keras to load a model that was fitted on `backend`.

    A model that is compared with another one is loaded on the backend of that one, which is in this
    process or the only one here: a stored net is the same on each, up to the last digits.

    Raises ConfigError if no backend is installed.
    """
    loaded = sys.modules.get("keras")
    if loaded is not None:
        return keras_on(loaded.backend.backend())
    present = [name for name in (backend, *BACKENDS) if find_spec(name) is not None]
    return keras_on(present[0] if present else backend)


def package_of(backend: str) -> str:
    """Return the name of the installed package that `backend` comes from, such as tensorflow-cpu.

    Raises PackageNotFoundError if it is not installed.
    """
    for name in _PACKAGES.get(backend, (backend,)):
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    raise PackageNotFoundError(backend)


@functools.cache
def _keep_compiled() -> None:
    """Let JAX compile a network once for all fits of this process: the folds have the same one."""
    folder = tempfile.TemporaryDirectory(prefix="relay-jax-")
    atexit.register(folder.cleanup)
    config = import_module("jax").config
    config.update("jax_compilation_cache_dir", folder.name)
    config.update("jax_persistent_cache_min_compile_time_secs", 0)
    config.update("jax_persistent_cache_min_entry_size_bytes", 0)
