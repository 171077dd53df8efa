"""Evaluate the forest on the rows that it has not seen."""

import argparse
import json


def evaluate(model, test, scores):
    import joblib
    import pandas as pd
    from sklearn.metrics import mean_absolute_error, r2_score

    table = pd.read_csv(test)
    predicted = joblib.load(model).predict(table.drop(columns="price"))
    found = {
        "r2": float(r2_score(table["price"], predicted)),
        "mae": float(mean_absolute_error(table["price"], predicted)),
    }
    with open(scores, "w") as file:
        json.dump(found, file)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("test")
    parser.add_argument("scores")
    arguments = parser.parse_args()
    evaluate(arguments.model, arguments.test, arguments.scores)
