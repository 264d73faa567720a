#!/usr/bin/env python3
"""Lay rows of features out in two dimensions, or snap points to a grid; `viz_run` calls this for `embedding`.

t-SNE is openTSNE's, UMAP umap-learn's, the assignment SciPy's. Arrays are .npy files of float32. The exit code 3 says
that a package is missing: tools/install_dependencies.sh --projection installs them.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # idle threads of openTSNE's would take the cores of busy ones
MISSING_PACKAGE = 3  # exit code

try:
    import numpy as np
except ModuleNotFoundError as missing:
    print(missing, file=sys.stderr)
    sys.exit(MISSING_PACKAGE)


def tsne(features: np.ndarray, options: argparse.Namespace) -> np.ndarray:
    """The rows in two dimensions by t-SNE (van der Maaten and Hinton 2008), beginning with the principal components."""
    from openTSNE import TSNE

    layout = TSNE(
        perplexity=options.perplexity, initialization="pca", random_state=options.seed, n_jobs=options.threads
    ).fit(features)
    return np.asarray(layout)


def umap(features: np.ndarray, options: argparse.Namespace) -> np.ndarray:
    """The rows in two dimensions by UMAP (McInnes, Healy and Melville 2018)."""
    from umap import UMAP

    # With a seed UMAP takes one thread, and says so unless it was asked for one.
    layout = UMAP(
        n_neighbors=options.neighbours, min_dist=options.min_dist, random_state=options.seed, n_jobs=1
    ).fit_transform(features)
    return np.asarray(layout)


def grid(points: np.ndarray, options: argparse.Namespace) -> np.ndarray:
    """A cell [row, column] of a grid for each point, no cell twice, such that the sum of squared moves is least."""
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    rows, columns = options.rows, options.columns
    cells = np.stack(np.divmod(np.arange(rows * columns), columns), axis=1)
    centres = np.stack([(cells[:, 1] + 0.5) / columns, 1 - (cells[:, 0] + 0.5) / rows], axis=1)  # y points up
    span = np.maximum(np.ptp(points, axis=0), np.finfo(np.float32).tiny)
    cost = cdist((points - points.min(axis=0)) / span, centres, "sqeuclidean")
    return cells[linear_sum_assignment(cost)[1]]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", type=Path, help="N x D features, or for grid N x 2 points")
    parser.add_argument("output", type=Path, help="N x 2")
    methods = parser.add_subparsers(required=True)
    for method in (tsne, umap, grid):
        command = methods.add_parser(method.__name__, help=method.__doc__)
        command.set_defaults(method=method)
        if method is grid:
            command.add_argument("--rows", type=int, required=True)
            command.add_argument("--columns", type=int, required=True)
        else:
            command.add_argument("--seed", type=int, default=0)
            command.add_argument("--threads", type=int, default=1)
        if method is tsne:
            command.add_argument("--perplexity", type=float, default=30)
        if method is umap:
            command.add_argument("--neighbours", type=int, default=15)
            command.add_argument("--min-dist", type=float, default=0.1)
    options = parser.parse_args()
    try:
        result = options.method(np.load(options.input), options)
    except ModuleNotFoundError as error:
        print(error, file=sys.stderr)
        return MISSING_PACKAGE
    np.save(options.output, result.astype(np.float32))
    return 0


if __name__ == "__main__":
    sys.exit(main())
