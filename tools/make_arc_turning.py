#!/usr/bin/env python3
"""Fits the weights of the five turning points (src/arc/turning_points.cpp) and prints them, with a cross-validated D.

    tools/make_arc_turning.py TRIPOD_synopses_train.csv

The file: see bench/arc/turning.py. Each point has a softmax law over the sentences of a synopsis, fitted to the places
that people chose (widened to a spread of 2 % of the text); a film counts once, however often it was annotated. The
features of the text are drawn to zero, those of the position hardly. Eight folds by films; the test films are not
looked at. Needs numpy, scipy and build/dev/bin/arc_lab.
"""
import argparse, collections, pathlib, sys

import numpy as np
from scipy.optimize import minimize

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench/arc"))
import turning

POSITION = 4  # the first features are those of the position
PENALTY = {"position": 0.01, "text": 2.0}
WIDTH = 0.02


def fit_point(features, truth, weights):
    """features: [n, f] a text; truth: a sentence a text."""
    scale = np.concatenate(features).std(axis=0) + 1e-9
    x = [f / scale for f in features]
    targets = []
    for f, t in zip(features, truth):
        wide = np.exp(-0.5 * ((np.arange(len(f)) - t) / (len(f) - 1) / WIDTH) ** 2)
        targets.append(wide / wide.sum())
    penalty = np.where(np.arange(len(scale)) < POSITION, PENALTY["position"], PENALTY["text"])

    def loss(w):
        value, slope = (penalty * w * w).sum(), 2 * penalty * w
        for rows, target, weight in zip(x, targets, weights):
            z = rows @ w
            p = np.exp(z - z.max())
            value += weight * (z.max() + np.log(p.sum()) - target @ z)
            slope += weight * (rows.T @ (p / p.sum() - target))
        return value, slope
    return minimize(loss, np.zeros(len(scale)), jac=True, method="L-BFGS-B", options={"maxiter": 120}).x / scale


def in_order(shares):
    """Each point's share of the sentences, given that the five stand in their order."""
    ahead, behind = [shares[0]], [np.ones_like(shares[0])]
    for p in shares[1:]:
        ahead.append(p * np.concatenate([[0], np.cumsum(ahead[-1])[:-1]]))
    for p in shares[:0:-1]:
        behind.insert(0, np.concatenate([np.cumsum((p * behind[0])[::-1])[::-1][1:], [0]]))
    return [a * b for a, b in zip(ahead, behind)]


def points_of(features, weights):
    shares = []
    for w in weights:
        z = features @ w
        p = np.exp(z - z.max())
        shares.append(p / p.sum())
    sums = [np.cumsum(p) for p in in_order(shares)]
    return np.array([np.searchsorted(s, s[-1] / 2) for s in sums], float)


def fit(features, truth, weights):
    return [fit_point(features, truth[:, k], weights) for k in range(5)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("synopses", type=pathlib.Path)
    films = turning.read_synopses(parser.parse_args().synopses)
    features = [np.array(seen["features"]) for seen in turning.look(films)]
    truth = np.array([points for *_, points in films])
    names = [film for film, *_ in films]
    times = collections.Counter(names)
    weights = np.array([1 / times[name] for name in names])
    order = sorted(times)
    fold = dict(zip(order, np.random.default_rng(1).permutation(len(order)) % 8))
    for label, columns in (("position alone", np.arange(POSITION)), ("with the text", np.arange(features[0].shape[1]))):
        distances = [None] * len(films)
        for f in range(8):
            train = [i for i, name in enumerate(names) if fold[name] != f]
            fitted = fit([features[i][:, columns] for i in train], truth[train], weights[train])
            for i in set(range(len(films))) - set(train):
                distances[i] = np.abs(points_of(features[i][:, columns], fitted) - truth[i]) / len(features[i])
        print(label, turning.report(turning.by_film(films, distances)))
    for row in fit(features, truth, weights):
        print("    {" + ", ".join(f"{w:.4g}" for w in row) + "},")


if __name__ == "__main__":
    main()
