"""A long short-term memory (LSTM), by Keras: one net for all series.

It reads the window of past values, and adds to the value of the season before what it has learned.
It is stored in Keras' own format, which holds no code, and loaded in safe mode.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relay.forecasts.keras_files import make_repeatable
from relay.forecasts.methods import Progress
from relay.forecasts.series import Floats, Series
from relay.forecasts.training_windows import Examples, Frame, describe, learnable
from relay.models.keras_backend import keras_for_model, keras_on, package_of
from relay.util.errors import ConfigError, RelayError
from relay.util.names import did_you_mean

FILE = "lstm.keras"
DEFAULTS: Mapping[str, Any] = {
    "units": 32,
    "learning_rate": 0.003,
    "batch_size": 32,
    "epochs": 200,
    "patience": 20,
    "dropout": 0.0,
}
MOST_EXAMPLES = 20_000
_BATCH = 1024
_LAYERS = frozenset(
    {"Functional", "InputLayer", "LSTM", "LSTMCell", "RepeatVector", "Concatenate", "Dense", "Add",
     "Reshape"}
)  # fmt: skip


def check(params: Mapping[str, Any]) -> None:
    """Check the parameters. Raises ConfigError if one is unknown or out of its range."""
    for name, value in params.items():
        if name not in DEFAULTS:
            raise ConfigError(
                f"model.params.{name}: lstm has no such parameter.{did_you_mean(name, DEFAULTS)}"
            )
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        is_whole = isinstance(value, int) and is_number
        if name in ("learning_rate", "dropout"):
            low, high = (0, 1) if name == "dropout" else (1e-9, 10)
            if not is_number or not low <= value < high:
                raise ConfigError(
                    f"model.params.{name}: must be a number from {low:g} to below {high:g} "
                    f"(got {value!r})."
                )
        elif not is_whole or value < 1:
            raise ConfigError(
                f"model.params.{name}: must be a whole number from 1 on (got {value!r})."
            )


@dataclass(frozen=True)
class Net:
    """The fitted net, the form of its examples, and the epochs that it was fitted for."""

    frame: Frame
    backend: str
    model: Any
    epochs: int

    @property
    def packages(self) -> tuple[str, ...]:
        """Return the packages that the stored net needs."""
        return ("keras", package_of(self.backend))

    def forecast(self, known: Sequence[Series], horizon: int) -> Floats:
        """Return the values after the end of each of `known`."""
        examples = describe(self.frame, known)
        relative = self.model.predict(_inputs(examples), batch_size=_BATCH, verbose=0)
        values = examples.restore(np.asarray(relative, dtype=np.float64))
        return self.frame.invert(values)[:, :horizon]

    def save(self, folder: Path) -> Mapping[str, Any]:
        """Write the net into `folder`."""
        self.model.save(folder / FILE)
        make_repeatable(folder / FILE)
        return {"frame": asdict(self.frame), "backend": self.backend, "epochs": self.epochs}


def fit(
    series: Sequence[Series], settings: Mapping[str, Any], later: Sequence[Series] | None,
    progress: Progress,
) -> Net:  # fmt: skip
    """Fit the net to the examples of all series.

    With `later`, it stops when the loss on the values after `series` has not become smaller for
    `patience` epochs, and keeps the best weights; else after the epochs in `settings`.
    """
    params = {**DEFAULTS, **settings["params"]}
    frame = Frame(**{key: settings[key] for key in ("window", "horizon", "season", "log")})
    keras = keras_on(settings["backend"])
    keras.utils.set_random_seed(settings["seed"])
    examples = learnable(frame, series, MOST_EXAMPLES, settings["seed"])
    model = _build(keras, frame, params)
    model.compile(
        optimizer=keras.optimizers.Adam(params["learning_rate"], global_clipnorm=1.0), loss="mae"
    )
    epochs = int(settings.get("epochs") or params["epochs"])
    held_out = None
    stop: list[Any] = []
    if later is not None:
        held_out = _held_out(frame, series, later)
        stop = [
            keras.callbacks.EarlyStopping(
                monitor="val_loss", patience=params["patience"], restore_best_weights=True
            )
        ]

    class Report(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            progress(dict(logs or {}), epochs)

    history = model.fit(
        _inputs(examples),
        examples.target,
        validation_data=None if held_out is None else (_inputs(held_out), held_out.target),
        epochs=epochs,
        batch_size=params["batch_size"],
        callbacks=[*stop, Report()],
        verbose=0,
    )
    losses = history.history.get("val_loss")
    best = epochs if losses is None else int(np.argmin(losses)) + 1
    return Net(frame, str(settings["backend"]), model, best)


def load(folder: Path, content: Mapping[str, Any]) -> Net:
    """Return what `save` wrote. Raises RelayError if it has a layer that Relay does not use."""
    path = folder / FILE
    _require_own_layers(path)
    keras = keras_for_model(str(content["backend"]))
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # it reads a file of any content
        raise RelayError(f"{FILE} cannot be loaded: {error}. Train the model again.") from error
    frame = Frame(**content["frame"])
    return Net(frame, str(content["backend"]), model, int(content["epochs"]))


def _build(keras: Any, frame: Frame, params: Mapping[str, Any]) -> Any:
    layers, units = keras.layers, params["units"]
    past = keras.Input((frame.window, 3), name="past")
    ahead = keras.Input((frame.horizon, 4), name="ahead")
    seasonal = keras.Input((frame.horizon, 1), name="seasonal")
    state = layers.LSTM(units, dropout=params["dropout"])(past)
    each = layers.Concatenate()([layers.RepeatVector(frame.horizon)(state), ahead])
    learned = layers.Dense(1)(layers.Dense(units, activation="relu")(each))
    kept = layers.Dense(1, use_bias=False, kernel_initializer="ones")(seasonal)
    output = layers.Reshape((frame.horizon,))(layers.Add()([learned, kept]))
    return keras.Model([past, ahead, seasonal], output)


def _inputs(examples: Examples) -> list[Any]:
    """Return the net's inputs: the past, what is known of each step, and its season's value."""
    steps = np.broadcast_to(np.linspace(0, 1, examples.phase.shape[1]), examples.phase.shape)
    past = np.stack([examples.past, *_circle(examples.past_phase)], axis=2)
    ahead = np.stack([examples.seasonal, *_circle(examples.phase), steps], axis=2)
    return [part.astype(np.float32) for part in (past, ahead, examples.seasonal[:, :, None])]


def _circle(phase: Floats) -> tuple[Floats, Floats]:
    """Return the place in the season as a point on a circle."""
    return np.sin(2 * np.pi * phase), np.cos(2 * np.pi * phase)


def _held_out(frame: Frame, series: Sequence[Series], later: Sequence[Series]) -> Examples:
    """Return the examples whose values to forecast are all after the end of `series`."""
    tails = [
        Series(one.name, start, one.values[start - one.start :])
        for before, one in zip(series, later, strict=True)
        for start in [max(one.start, before.end - frame.reach)]
    ]
    return learnable(frame, tails, MOST_EXAMPLES, 0)


def _require_own_layers(path: Path) -> None:
    """Check that the net in `path` has only layers of Keras that Relay uses.

    Raises RelayError if it has another, or cannot be read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise RelayError(f"{FILE} cannot be loaded: {error}. Train the model again.") from error
    for name, module in _classes(config):
        is_layer = module.startswith("keras.layers") or module == "keras.src.models.functional"
        if (is_layer and name not in _LAYERS) or not f"{module}.".startswith("keras."):
            raise RelayError(
                f"{FILE} is not loaded: it has {module}.{name}, which Relay does not use. Train "
                "the model again."
            )


def _classes(config: Any) -> list[tuple[str, str]]:
    """Return the class and the module of each object in the configuration of a net."""
    if isinstance(config, list):
        return [pair for one in config for pair in _classes(one)]
    if not isinstance(config, Mapping):
        return []
    name, module = config.get("class_name"), config.get("module")
    is_class = name is not None and name != "__keras_tensor__"  # a connection between layers
    own = [(str(name), str(module))] if is_class else []
    return own + [pair for value in config.values() for pair in _classes(value)]
