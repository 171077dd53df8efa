"""Train a random forest on the prices."""

import argparse


def train(train, model, trees=100, depth=8):
    import joblib
    import pandas as pd
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    table = pd.read_csv(train)
    forest = RandomForestRegressor(n_estimators=trees, max_depth=depth, random_state=1)
    pipeline = make_pipeline(StandardScaler(), forest)
    pipeline.fit(table.drop(columns="price"), table["price"])
    joblib.dump(pipeline, model)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("train")
    parser.add_argument("model")
    parser.add_argument("--depth", type=int, default=8)
    arguments = parser.parse_args()
    train(arguments.train, arguments.model, depth=arguments.depth)
