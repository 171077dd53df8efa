"""Get the houses from where they are, and keep them as CSV."""

import argparse


def get(source, raw):
    import pandas as pd

    table = pd.read_csv(source)
    table.to_csv(raw, index=False)
    print(f"{len(table)} rows")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("source")
    parser.add_argument("raw")
    arguments = parser.parse_args()
    get(arguments.source, arguments.raw)
