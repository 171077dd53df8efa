"""How Keras fits the networks of `relay_nets`: layers, batches, and the epoch that is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relay.models.keras_backend import keras_on

Arrays = Sequence[NDArray[Any]]
Layers = tuple[list[NDArray[np.float32]], list[NDArray[np.float32]], list[NDArray[np.float32]]]
"""The embedding of each category, the weights of each layer, and its biases."""

FEWEST_PER_BATCH, MOST_PER_BATCH, BATCHES = 32, 512, 50
"""An epoch has about BATCHES steps, within these sizes of a batch, unless `batch_size` is set."""
WIDEST_EMBEDDING = 32
_WATCHED_AT_ONCE = 8192


def fit_net(
    net: Any,
    rows: tuple[Arrays, NDArray[Any], Any],
    watched: tuple[Arrays, NDArray[Any], int] | None,
    progress: Callable[[Mapping[str, float]], None] | None,
) -> tuple[Layers, int]:
    """Fit the layers that `net`, a network of `relay_nets`, describes; return them and an epoch.

    `rows` are inputs, target and weights (or None). With `watched`, inputs and target of other rows
    and a patience, it is the epoch after which these are predicted best, and fitting ends after so
    many epochs without improvement. `progress` takes the losses of each epoch.

    Raises ValueError if the loss is not a number.
    """
    keras = keras_on(net.backend)
    keras.utils.set_random_seed(net.random_state or 0)
    model = _build(keras, net)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            net.learning_rate, weight_decay=net.weight_decay, global_clipnorm=1.0
        ),
        loss=_loss(keras, net._loss),
    )
    callbacks = [] if progress is None else [_reporter(keras, progress)]
    if watched is not None:
        callbacks.append(keras.callbacks.EarlyStopping("val_loss", patience=watched[2]))
    history = model.fit(
        _batches(keras, net, *rows),
        epochs=net.epochs,
        validation_data=None if watched is None else watched[:2],
        validation_batch_size=_WATCHED_AT_ONCE,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    ).history
    # Without rows to watch, the weights are those of the last epoch.
    losses = history["loss"][-1:] if watched is None else history["val_loss"]
    if not np.isfinite(losses).any():
        raise ValueError("the loss is not a number; set a smaller learning_rate")
    return _layers(model, net), int(np.nanargmin(losses)) + 1


def _loss(keras: Any, name: str) -> Any:
    if name == "binary":
        return keras.losses.BinaryCrossentropy(from_logits=True)
    if name == "classes":
        return keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return keras.losses.MeanSquaredError()


def _reporter(keras: Any, progress: Callable[[Mapping[str, float]], None]) -> Any:
    class Report(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
            progress({name: float(value) for name, value in (logs or {}).items()})

    return Report()


def _batches(keras: Any, net: Any, inputs: Arrays, target: NDArray[Any], weights: Any) -> Any:
    """Return full batches of the rows, in another order in each epoch.

    The rows that are left over are others each time. A batch of another size would be
    compiled on its own, which takes longer than most fits.
    """
    rows = len(target)
    size = net.batch_size or int(
        np.clip(2 ** round(np.log2(max(rows / BATCHES, 1))), FEWEST_PER_BATCH, MOST_PER_BATCH)
    )
    size = min(size, rows)
    parts = [*inputs, target]
    if weights is not None:
        of_rows = np.asarray(weights, dtype=np.float32)
        parts.append(np.repeat(of_rows[:, None], net.members, axis=1))
    random = np.random.default_rng(net.random_state)
    order = random.permutation(rows)
    width = len(inputs)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return int(rows // size)

        def __getitem__(self, place: int) -> tuple[Any, ...]:
            chosen = order[place * size : (place + 1) * size]
            taken = [part[chosen] for part in parts]
            return (tuple(taken[:width]), *taken[width:])

        def on_epoch_end(self) -> None:
            random.shuffle(order)

    return Batches()


def _build(keras: Any, net: Any) -> Any:
    layers = keras.layers
    inputs, parts = [], []
    for place, counts in enumerate(net.counts_):
        given = keras.Input((), dtype="int32", name=f"category_{place}")
        width = min(WIDEST_EMBEDDING, round(1.6 * len(counts) ** 0.56))
        parts.append(layers.Embedding(len(counts), width, name=f"embedding_{place}")(given))
        inputs.append(given)
    width = len(net.numbers_) + len(net.missing_)
    numbers = keras.Input((width,), name="numbers")
    inputs.append(numbers)
    parts += [numbers] if width else []
    flow = layers.Concatenate()(parts) if len(parts) > 1 else parts[0]
    flow = layers.RepeatVector(net.members)(flow)
    for place, units in enumerate([*net.layers, net._width]):
        is_last = place == len(net.layers)
        dense = layers.EinsumDense(
            "bmi,mio->bmo",
            output_shape=(net.members, units),
            bias_axes="mo",
            activation=None if is_last else "relu",
            name=f"dense_{place}",
        )
        flow = dense(flow) if is_last else layers.Dropout(net.dropout)(dense(flow))
    model = keras.Model(inputs, flow)
    random = np.random.default_rng(net.random_state)
    for place in range(len(net.layers) + 1):
        layer = model.get_layer(f"dense_{place}")
        weights, bias = layer.get_weights()
        gain = 1.0 if place == len(net.layers) else 2.0
        # He et al. 2015, for the inputs of one member
        spread = np.sqrt(gain / weights.shape[1])
        layer.set_weights([random.normal(0, spread, weights.shape), bias])
    return model


def _layers(model: Any, net: Any) -> Layers:
    """Return the weights as arrays; an unknown category is the mean of those known."""
    embeddings, weights, biases = [], [], []
    for place, counts in enumerate(net.counts_):
        (table,) = model.get_layer(f"embedding_{place}").get_weights()
        table = np.array(table, dtype=np.float32)
        if not counts[0]:
            table[0] = np.average(table[1:], axis=0, weights=counts[1:])
        embeddings.append(table)
    for place in range(len(net.layers) + 1):
        weight, bias = model.get_layer(f"dense_{place}").get_weights()
        weights.append(np.array(weight, dtype=np.float32))
        biases.append(np.array(bias, dtype=np.float32))
    return embeddings, weights, biases
