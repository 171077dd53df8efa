"""The backend of Keras: what is installed here decides, and each mistake is one clear error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace
from typing import Any

import pytest

from relay.models import keras_backend
from relay.models.keras_backend import keras_for_model, keras_on, package_of
from relay.util.errors import ConfigError


class Installed:
    """Keras with some backends; it runs on that which the variable names as it is imported."""

    def __init__(self, *names: str) -> None:
        self.names = ("keras", *names)
        self.running = ""
        self.is_deterministic = False

    def find_spec(self, name: str) -> bool | None:
        return name in self.names or None

    def import_module(self, name: str) -> Any:
        if name == "tensorflow":
            return SimpleNamespace(config=SimpleNamespace(experimental=self))
        self.running = self.running or os.environ["KERAS_BACKEND"]
        return SimpleNamespace(backend=SimpleNamespace(backend=lambda: self.running))

    def enable_op_determinism(self) -> None:
        self.is_deterministic = True


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Installed]:
    def put(*names: str) -> Installed:
        here = Installed(*names)
        monkeypatch.setattr(keras_backend, "find_spec", here.find_spec)
        monkeypatch.setattr(keras_backend, "import_module", here.import_module)
        monkeypatch.setattr(keras_backend, "_keep_compiled", lambda: None)
        monkeypatch.setenv("KERAS_BACKEND", "jax")
        return here

    return put


def test_keras_runs_on_the_backend_that_is_named(install: Callable[..., Installed]) -> None:
    here = install("tensorflow")
    keras = keras_on("tensorflow")
    assert (keras.backend.backend(), here.is_deterministic) == ("tensorflow", True)


def test_a_backend_that_is_not_installed_is_an_error(install: Callable[..., Installed]) -> None:
    install("jax")
    with pytest.raises(ConfigError, match=r"^model\.backend: .*model\.environment=keras_torch"):
        keras_on("torch")


def test_a_process_has_one_backend(install: Callable[..., Installed]) -> None:
    install("jax", "torch")
    keras_on("jax")
    with pytest.raises(ConfigError, match=r"^model\.backend: Keras runs on jax .* not on torch"):
        keras_on("torch")


def test_a_model_is_loaded_on_its_own_backend_or_on_the_one_that_is_here(
    install: Callable[..., Installed], monkeypatch: pytest.MonkeyPatch
) -> None:
    install("jax", "torch")
    assert keras_for_model("torch").backend.backend() == "torch"
    install("tensorflow")
    loaded = keras_for_model("torch")
    assert loaded.backend.backend() == "tensorflow"
    # This process has it already, for the model that is compared.
    install("jax", "tensorflow").running = "tensorflow"
    monkeypatch.setitem(sys.modules, "keras", loaded)
    assert keras_for_model("jax").backend.backend() == "tensorflow"
    monkeypatch.delitem(sys.modules, "keras")
    install()
    with pytest.raises(ConfigError, match=r"^model\.backend: .*model\.environment=keras_jax"):
        keras_for_model("jax")


def test_the_package_of_a_backend_can_have_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name != "tensorflow-cpu":
            raise PackageNotFoundError(name)
        return "2.21.0"

    monkeypatch.setattr(keras_backend, "version", version)
    assert package_of("tensorflow") == "tensorflow-cpu"
    with pytest.raises(PackageNotFoundError, match="torch"):
        package_of("torch")
