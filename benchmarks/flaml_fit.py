"""FLAML on the rows of a training set, scored on a test set; run by an environment that has FLAML.

flaml_fit.py TRAIN TEST TARGET SECONDS SEED, of Parquet files; prints JSON
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
from flaml import AutoML
from pandas.api.types import is_bool_dtype, is_numeric_dtype
from sklearn.metrics import f1_score, r2_score


def main() -> None:
    """Search, and print the score, the time and the number of trials."""
    train_path, test_path, target, seconds, seed = sys.argv[1:]
    train, test = pd.read_parquet(train_path), pd.read_parquet(test_path)
    is_regression = is_numeric_dtype(train[target]) and not is_bool_dtype(train[target])
    for column in train.columns.drop(target):
        if not is_numeric_dtype(train[column]) and train[column].dtype.kind != "M":
            kind = pd.CategoricalDtype(sorted(train[column].dropna().astype(str).unique()))
            for table in (train, test):
                texts = table[column].astype("str")
                table[column] = texts.where(texts.isin(kind.categories)).astype(kind)
    began = time.monotonic()
    automl = AutoML()
    automl.fit(
        train.drop(columns=target),
        train[target],
        task="regression" if is_regression else "classification",
        metric="r2" if is_regression else "macro_f1",
        time_budget=float(seconds),
        seed=int(seed),
        verbose=0,
        log_file_name="flaml.log",
        log_type="all",
    )
    took = time.monotonic() - began
    predicted = automl.predict(test.drop(columns=target))
    if is_regression:
        score = r2_score(test[target], predicted)
    else:
        score = f1_score(test[target].astype(str), predicted.astype(str), average="macro")
    records = Path("flaml.log").read_text(encoding="utf-8").splitlines()
    result = {
        "score": float(score),
        "cv": 1 - float(automl.best_loss),
        "seconds": took,
        "cpu_seconds": time.process_time(),
        "trials": sum("record_id" in line for line in records),
        "model": str(automl.best_estimator),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
