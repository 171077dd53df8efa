"""Check the table before anything is learned from it."""

import argparse
import json


def check(cleaned, report):
    import pandas as pd

    table = pd.read_csv(cleaned)
    assert len(table) > 100, "too few rows"
    assert not table.isna().any().any(), "gaps"
    assert (table["price"] > 0).all(), "prices that are not positive"
    with open(report, "w") as file:
        json.dump({"rows": len(table), "mean": table["price"].mean()}, file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cleaned")
    parser.add_argument("report")
    arguments = parser.parse_args()
    check(arguments.cleaned, arguments.report)
