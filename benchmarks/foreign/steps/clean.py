"""Drop duplicates and rows without a price, and fill gaps."""

import argparse


def clean(raw, cleaned):
    import pandas as pd

    table = pd.read_csv(raw).drop_duplicates().dropna(subset=["price"])
    numbers = table.select_dtypes("number").columns
    table[numbers] = table[numbers].fillna(table[numbers].median())
    table.to_csv(cleaned, index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("raw")
    parser.add_argument("cleaned")
    arguments = parser.parse_args()
    clean(arguments.raw, arguments.cleaned)
