"""Split the table into rows to learn from and rows to test on."""

import argparse


def split(cleaned, train, test, seed=1):
    import pandas as pd
    from sklearn.model_selection import train_test_split

    table = pd.read_csv(cleaned)
    one, other = train_test_split(table, test_size=0.2, random_state=seed)
    one.to_csv(train, index=False)
    other.to_csv(test, index=False)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("cleaned")
    parser.add_argument("train")
    parser.add_argument("test")
    arguments = parser.parse_args()
    split(arguments.cleaned, arguments.train, arguments.test)
