"""Neural networks on tables. A model with one carries this file with it, so it imports no Relay.

Keras fits a network. A fitted one holds its weights as arrays and predicts with NumPy, so that it
is stored without code, and needs no Keras where it predicts.
"""

from __future__ import annotations

import atexit
import functools
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

Floats = NDArray[np.float64]
Progress = Callable[[Mapping[str, float]], None]
"""Takes the losses after an epoch."""

BACKENDS = ("jax", "tensorflow", "torch")
FEWEST_PER_BATCH, MOST_PER_BATCH, BATCHES = 32, 512, 50
"""An epoch has about BATCHES steps, within these sizes of a batch, unless `batch_size` is set."""
WIDEST_EMBEDDING = 32
FAR = 3.0
"""From so many standard deviations on, a number counts for less and less."""
_AT_ONCE = 8192  # rows; more take memory and are not faster


class _Network(BaseEstimator):  # type: ignore[misc]
    """Multilayer perceptrons: embeddings of categories and standardised numbers in, ReLU layers.

    Missing numbers are the mean, and a number of their own tells that they were missing. `members`
    perceptrons learn side by side from the same embeddings; the prediction is their mean.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {}  # scikit-learn calls `_validate_params`

    def __init__(
        self,
        layers: Sequence[int] = (128, 128),
        members: int = 4,
        dropout: float = 0.2,
        learning_rate: float = 0.001,
        weight_decay: float = 0.01,
        batch_size: int | None = None,
        epochs: int = 200,
        backend: str = "jax",
        random_state: int | None = None,
    ) -> None:
        self.layers = layers
        self.members = members
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.backend = backend
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _validate_params(self) -> None:
        """Raise ValueError, in the words of scikit-learn, if a parameter has a wrong value."""
        layers = self.layers if isinstance(self.layers, Sequence) else [self.layers]
        rules = {
            "layers": (
                not isinstance(self.layers, str) and all(_is_count(units) for units in layers),
                "a list of whole numbers from 1 on, such as [128, 128]",
            ),
            "members": (_is_count(self.members), "a whole number from 1 on"),
            "dropout": (_is_within(self.dropout, 0, 1), "a number from 0 to below 1"),
            "learning_rate": (_is_within(self.learning_rate, 1e-9, 10), "a number above 0"),
            "weight_decay": (_is_within(self.weight_decay, 0, 10), "a number from 0 to below 10"),
            "batch_size": (
                self.batch_size is None or _is_count(self.batch_size),
                "null or a whole number from 1 on",
            ),
            "epochs": (_is_count(self.epochs), "a whole number from 1 on"),
            "backend": (self.backend in BACKENDS, f"one of {', '.join(BACKENDS)}"),
        }
        for name, (is_right, expected) in rules.items():
            if not is_right:
                raise ValueError(
                    f"The '{name}' parameter of {type(self).__name__} must be {expected}. "
                    f"Got {getattr(self, name)!r} instead."
                )

    def best_epoch(
        self,
        X: Any,  # noqa: N803 - as in scikit-learn
        y: Any,
        watched: tuple[Any, Any],
        patience: int,
        progress: Progress,
        **options: Any,
    ) -> int:
        """Fit to `X` and `y`; return the epoch after which the rows `watched` are predicted best.

        Fitting ends after `patience` epochs in a row without improvement.
        """
        return self._fit(X, y, (watched, patience), progress, **options)

    def fit(
        self,
        X: Any,  # noqa: N803
        y: Any,
        categories: Sequence[int] = (),
        sample_weight: Any = None,
    ) -> Any:
        """Fit to `X` and `y`. The columns `categories` of `X` are codes from 0 on, or missing."""
        self._fit(X, y, None, None, categories=categories, sample_weight=sample_weight)
        return self

    def _fit(
        self,
        X: Any,  # noqa: N803
        y: Any,
        watch: tuple[tuple[Any, Any], int] | None,
        progress: Progress | None,
        categories: Sequence[int] = (),
        sample_weight: Any = None,
    ) -> int:
        self._validate_params()
        x = np.asarray(X, dtype=np.float64)
        self._read_columns(x, categories)
        target = self._read_target(np.asarray(y))
        engine = keras_on(self.backend)
        engine.utils.set_random_seed(self.random_state or 0)
        net = self._build(engine)
        net.compile(
            optimizer=engine.optimizers.AdamW(
                self.learning_rate, weight_decay=self.weight_decay, global_clipnorm=1.0
            ),
            loss=self._loss,
        )
        held_out = None
        callbacks = [] if progress is None else [_reporter(engine, progress)]
        if watch is not None:
            (watched_x, watched_y), patience = watch
            held_out = (
                self._inputs(np.asarray(watched_x, dtype=np.float64)),
                self._as_target(np.asarray(watched_y)),
            )
            callbacks.append(engine.callbacks.EarlyStopping("val_loss", patience=patience))
        history = net.fit(
            self._batches(engine, self._inputs(x), target, sample_weight),
            epochs=self.epochs,
            validation_data=held_out,
            validation_batch_size=_AT_ONCE,
            shuffle=False,
            callbacks=callbacks,
            verbose=0,
        ).history
        self._keep(net)
        losses = history.get("val_loss", history["loss"])
        if not np.isfinite(losses).any():
            raise ValueError("the loss is not a number; set a smaller learning_rate")
        return int(np.nanargmin(losses)) + 1

    def _read_columns(self, x: Floats, categories: Sequence[int]) -> None:
        """Find the categories, and the mean and the spread of each number."""
        self.n_features_in_ = x.shape[1]
        self.categories_ = [int(column) for column in categories]
        self.numbers_ = [place for place in range(x.shape[1]) if place not in self.categories_]
        codes = _codes(x[:, self.categories_])
        # Code 0 is for values that training does not have.
        self.counts_ = [np.bincount(column, minlength=2).astype(float) for column in codes.T]
        numbers = x[:, self.numbers_]
        known = ~np.isnan(numbers)
        count = np.maximum(known.sum(axis=0), 1)
        self.mean_ = np.where(known, numbers, 0).sum(axis=0) / count
        spread = np.sqrt((np.where(known, numbers - self.mean_, 0) ** 2).sum(axis=0) / count)
        self.spread_ = np.where(spread > 0, spread, 1.0)
        self.missing_ = [int(place) for place in np.flatnonzero(~known.all(axis=0))]

    def _inputs(self, x: Floats) -> list[NDArray[Any]]:
        """Return the codes of each category, one by one, and the numbers."""
        codes = _codes(x[:, self.categories_])
        known = [
            np.where(column < len(counts), column, 0)
            for column, counts in zip(codes.T, self.counts_, strict=True)
        ]
        numbers = x[:, self.numbers_]
        is_missing = np.isnan(numbers)
        scaled = np.where(is_missing, 0.0, (numbers - self.mean_) / self.spread_)
        scaled = scaled / np.sqrt(1 + (scaled / FAR) ** 2)
        parts = [scaled, is_missing[:, self.missing_]]
        return [*known, np.column_stack(parts).astype(np.float32)]

    def _batches(self, engine: Any, inputs: list[Any], target: Any, weights: Any) -> Any:
        """Return full batches of the rows, in another order in each epoch.

        The rows that are left over are others each time. A batch of another size would have to be
        compiled by itself, which takes longer than most fits.
        """
        rows = len(target)
        size = self.batch_size or int(
            np.clip(2 ** round(np.log2(max(rows / BATCHES, 1))), FEWEST_PER_BATCH, MOST_PER_BATCH)
        )
        size = min(size, rows)
        parts = [*inputs, target]
        if weights is not None:
            parts.append(np.asarray(weights, dtype=np.float32))
        random = np.random.default_rng(self.random_state)
        order = random.permutation(rows)
        width = len(inputs)

        class Batches(engine.utils.PyDataset):  # type: ignore[misc]
            def __len__(self) -> int:
                return int(rows // size)

            def __getitem__(self, place: int) -> tuple[Any, ...]:
                chosen = order[place * size : (place + 1) * size]
                taken = [part[chosen] for part in parts]
                return (tuple(taken[:width]), *taken[width:])

            def on_epoch_end(self) -> None:
                random.shuffle(order)

        return Batches()

    def _build(self, engine: Any) -> Any:
        layers = engine.layers
        inputs, parts = [], []
        for place, counts in enumerate(self.counts_):
            given = engine.Input((), dtype="int32", name=f"category_{place}")
            width = min(WIDEST_EMBEDDING, round(1.6 * len(counts) ** 0.56))
            parts.append(layers.Embedding(len(counts), width, name=f"embedding_{place}")(given))
            inputs.append(given)
        width = len(self.numbers_) + len(self.missing_)
        numbers = engine.Input((width,), name="numbers")
        inputs.append(numbers)
        parts += [numbers] if width else []
        flow = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
        flow = layers.RepeatVector(self.members)(flow)
        for place, units in enumerate([*self.layers, self._width]):
            is_last = place == len(self.layers)
            dense = layers.EinsumDense(
                "bmi,mio->bmo",
                output_shape=(self.members, units),
                bias_axes="mo",
                activation=None if is_last else "relu",
                name=f"dense_{place}",
            )
            flow = dense(flow) if is_last else layers.Dropout(self.dropout)(dense(flow))
        net = engine.Model(inputs, flow)
        random = np.random.default_rng(self.random_state)
        for place in range(len(self.layers) + 1):
            layer = net.get_layer(f"dense_{place}")
            weights, bias = layer.get_weights()
            gain = 1.0 if place == len(self.layers) else 2.0
            # He et al. 2015, for the inputs of one member
            spread = np.sqrt(gain / weights.shape[1])
            layer.set_weights([random.normal(0, spread, weights.shape), bias])
        return net

    def _keep(self, net: Any) -> None:
        """Keep the weights of `net` as arrays; an unknown category is the mean of those known."""
        self.embeddings_ = []
        for place, counts in enumerate(self.counts_):
            (table,) = net.get_layer(f"embedding_{place}").get_weights()
            table = np.array(table, dtype=np.float32)
            if not counts[0]:
                table[0] = np.average(table[1:], axis=0, weights=counts[1:])
            self.embeddings_.append(table)
        self.weights_, self.biases_ = [], []
        for place in range(len(self.layers) + 1):
            weights, bias = net.get_layer(f"dense_{place}").get_weights()
            self.weights_.append(np.array(weights, dtype=np.float32))
            self.biases_.append(np.array(bias, dtype=np.float32))

    def _outputs(self, X: Any) -> Floats:  # noqa: N803
        """Return the numbers of the last layer (members x rows x width)."""
        check_is_fitted(self, "weights_")
        x = np.asarray(X, dtype=np.float64)
        parts = [self._forward(x[start : start + _AT_ONCE]) for start in range(0, len(x), _AT_ONCE)]
        return np.concatenate(parts, axis=1)

    def _forward(self, x: Floats) -> Floats:
        *codes, numbers = self._inputs(x)
        known = [table[column] for table, column in zip(self.embeddings_, codes, strict=True)]
        flow = np.column_stack([*known, numbers]).astype(np.float64)
        for weights, bias in zip(self.weights_[:-1], self.biases_[:-1], strict=True):
            flow = np.maximum(flow @ weights + bias[:, None], 0)
        return np.asarray(flow @ self.weights_[-1] + self.biases_[-1][:, None], dtype=np.float64)


class MLPRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A network that predicts a number; the target is standardised, the loss is its square."""

    _loss = "mse"
    _width = 1

    def _read_target(self, y: NDArray[Any]) -> NDArray[Any]:
        self.target_mean_, self.target_spread_ = float(y.mean()), float(y.std()) or 1.0
        return self._as_target(y)

    def _as_target(self, y: NDArray[Any]) -> NDArray[Any]:
        scaled = ((y - self.target_mean_) / self.target_spread_).astype(np.float32)
        return np.repeat(scaled[:, None, None], self.members, axis=1)

    def predict(self, X: Any) -> Floats:  # noqa: N803
        """Return a number for each row."""
        mean = self._outputs(X)[:, :, 0].mean(axis=0)
        return np.asarray(mean * self.target_spread_ + self.target_mean_)


class MLPClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A network that predicts the probability of each class; the loss is the cross-entropy."""

    @property
    def _loss(self) -> Any:
        losses = import_module("keras").losses
        if self._width == 1:
            return losses.BinaryCrossentropy(from_logits=True)
        return losses.SparseCategoricalCrossentropy(from_logits=True)

    @property
    def _width(self) -> int:
        return 1 if len(self.classes_) == 2 else len(self.classes_)

    def _read_target(self, y: NDArray[Any]) -> NDArray[Any]:
        self.classes_ = np.unique(y)
        return self._as_target(y)

    def _as_target(self, y: NDArray[Any]) -> NDArray[Any]:
        codes = np.searchsorted(self.classes_, y)
        if self._width == 1:
            return np.repeat(codes.astype(np.float32)[:, None, None], self.members, axis=1)
        return np.repeat(codes.astype(np.int32)[:, None], self.members, axis=1)

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Return the probability of each class for each row."""
        outputs = self._outputs(X)
        if self._width == 1:
            outputs = np.concatenate([np.zeros_like(outputs), outputs], axis=2)
        powers = np.exp(outputs - outputs.max(axis=2, keepdims=True))
        return np.asarray((powers / powers.sum(axis=2, keepdims=True)).mean(axis=0))

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the most probable class for each row."""
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def keras_on(backend: str) -> Any:
    """Import Keras on `backend`. Raises ValueError if this process has it on another one."""
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its greetings are no errors
    keras = import_module("keras")
    if keras.backend.backend() != backend:
        raise ValueError(
            f"Keras runs on {keras.backend.backend()} in this process, not on {backend}; run the "
            "step by itself, in the environment of the model"
        )
    if backend == "jax":
        _keep_compiled()
    if backend == "tensorflow":
        import_module("tensorflow").config.experimental.enable_op_determinism()
    return keras


@functools.cache
def _keep_compiled() -> None:
    """Let JAX compile a network once for all fits of this process: the folds have the same one."""
    folder = tempfile.TemporaryDirectory(prefix="relay-jax-")
    atexit.register(folder.cleanup)
    config = import_module("jax").config
    config.update("jax_compilation_cache_dir", folder.name)
    config.update("jax_persistent_cache_min_compile_time_secs", 0)
    config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def _reporter(engine: Any, progress: Progress) -> Any:
    class Report(engine.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            progress({name: float(value) for name, value in (logs or {}).items()})

    return Report()


def _codes(columns: Floats) -> NDArray[np.int32]:
    """Return codes from 1 on; missing ones are 0."""
    return np.asarray(np.where(np.isnan(columns), -1, columns) + 1, dtype=np.int32)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _is_within(value: Any, low: float, high: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and low <= value < high
