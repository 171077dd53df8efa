"""ONNX: a graph of operators with their numbers, such as a network exported from PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from relay.models.formats.interface import ModelFormat, Scores, as_numbers
from relay.util.errors import RelayError

_TYPES = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(bool)": np.bool_,
}
_TEXT = "tensor(string)"
_FLOATS = ("tensor(float)", "tensor(double)")


class Onnx(ModelFormat):
    """The adapter of ONNX, which ONNX Runtime runs."""

    flavor = "onnx"
    files = ("model.onnx",)
    distributions = ("onnx", "onnxruntime")
    environment = "onnx"
    values = {  # noqa: RUF012 - a constant
        "onnx_session_options": (None,),
        "providers": (["CUDAExecutionProvider", "CPUExecutionProvider"], ["CPUExecutionProvider"]),
    }

    def require_safe(self, path: Path, name: str) -> None:
        onnx = import_module("onnx")
        graph = onnx.load(str(path), load_external_data=False)
        if any(tensor.external_data for tensor in _tensors(graph)):
            raise RelayError(
                f"{name} is not loaded: {path.name} refers to numbers in other files. Save it in "
                "one file: onnx.save_model(..., save_as_external_data=False)."
            )

    def load(self, path: Path, columns: Sequence[str]) -> Scores:
        runtime = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = 1  # the same sums each time
        session = runtime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
        inputs, output = session.get_inputs(), _score_output(session.get_outputs())

        def scores(features: pd.DataFrame) -> NDArray[np.float64]:
            given = _feed(inputs, features)
            try:
                return np.asarray(session.run([output], given)[0], dtype=np.float64)
            except Exception as error:  # its errors share no base class
                raise RelayError(f"The model cannot predict this table: {error}") from error

        return scores


def _score_output(outputs: Sequence[Any]) -> str:
    """Return the name of the output with the scores: the last one of floats.

    A classifier may have the labels as well. Raises RelayError if there is none.
    """
    names = [str(output.name) for output in outputs if output.type in _FLOATS]
    if not names:
        raise RelayError(
            "the model has no output of floats. Export probabilities, not only labels (for "
            "skl2onnx: options={'zipmap': False})"
        )
    return names[-1]


def _feed(inputs: Sequence[Any], features: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Return the model's inputs: all columns as one matrix of numbers, or each by its name.

    Raises RelayError if the inputs are neither.
    """
    names = [str(one.name) for one in inputs]
    if len(inputs) == 1 and names[0] not in features:
        return {names[0]: as_numbers(features).astype(_TYPES[inputs[0].type])}
    unknown = [name for name in names if name not in features]
    if unknown:
        raise RelayError(
            f"The model has an input '{unknown[0]}', which is not a column. Export it with one "
            "input for all columns, or with one for each column, by its name."
        )
    return {
        name: _column(features[name], one.type) for name, one in zip(names, inputs, strict=True)
    }


def _column(values: pd.Series, type: str) -> NDArray[Any]:
    if type == _TEXT:
        texts = values.astype(object).where(values.notna(), "")
        return texts.to_numpy(dtype=object).reshape(-1, 1)
    return as_numbers(values.to_frame()).astype(_TYPES[type])


def _tensors(message: Any) -> Iterator[Any]:
    """Yield each tensor in a message of ONNX, at any depth."""
    if message.DESCRIPTOR.name == "TensorProto":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            repeated = hasattr(value, "__len__") and not hasattr(value, "DESCRIPTOR")
            for part in value if repeated else [value]:
                yield from _tensors(part)


FORMAT = Onnx()
