#!/usr/bin/env python3
"""Write tests/viz/optimisation_golden.json: where SciPy's L-BFGS-B ends, and the path that Adam takes.

The functions are those of tests/viz/test_functions.h. Adam is written down once more from algorithm 1 of the paper
(Kingma and Ba 2015), in double precision.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.optimize
import scipy.special

from convlens.command_line import run
from convlens.random_numbers import uniform

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "viz" / "optimisation_golden.json"
ADAM = {"lr": 0.05, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
STEPS = 100
HISTORY = 20

Array = np.ndarray
Function = Callable[[Array], tuple[float, Array]]


def rosenbrock(x: Array) -> tuple[float, Array]:
    """A curved valley, its minimum at (1, 1, ..)."""
    return float(scipy.optimize.rosen(x)), scipy.optimize.rosen_der(x)


def quadratic(x: Array) -> tuple[float, Array]:
    """Of condition number 1e4."""
    n = x.size
    curvature = 1e4 ** (np.arange(n) / (n - 1))
    away = x - uniform("quadratic", 1, (n,)).astype(np.float64)
    return float((curvature * away**2).sum() / 2), curvature * away


def softplus(x: Array) -> tuple[float, Array]:
    """Logistic regression of 60 random rows with weight decay."""
    a = uniform("softplus", 1, (60, x.size)).astype(np.float64)
    z = a @ x
    return float(np.logaddexp(0, z).sum() + 0.05 * (x**2).sum()), a.T @ scipy.special.expit(z) + 0.1 * x


FUNCTIONS: dict[str, tuple[Function, Array]] = {
    "rosenbrock_2": (rosenbrock, np.array([-1.2, 1])),
    "rosenbrock_100": (rosenbrock, np.tile([-1.2, 1], 50)),
    "quadratic_50": (quadratic, np.zeros(50)),
    "softplus_30": (softplus, np.ones(30)),
}


def minimum(function: Function, start: Array) -> dict[str, Any]:
    """Where SciPy ends, and after how many evaluations all but a millionth of the way down is done."""
    values: list[float] = []

    def counted(x: Array) -> tuple[float, Array]:
        value, gradient = function(x)
        values.append(value)
        return value, gradient

    options = {"maxcor": HISTORY, "ftol": 0, "gtol": 1e-10, "maxiter": 10000}
    found = scipy.optimize.minimize(counted, start, jac=True, method="L-BFGS-B", options=options)
    nearly = found.fun + 1e-6 * (values[0] - found.fun)
    return {
        "value": found.fun,
        "x": numbers(found.x),
        "evaluations": next(i for i, value in enumerate(values, start=1) if value <= nearly),
    }


def adam_path(function: Function, start: Array) -> list[list[float]]:
    """The point after each step."""
    x, m, v = start.astype(np.float64), np.zeros(start.size), np.zeros(start.size)
    path = []
    for t in range(1, STEPS + 1):
        g = function(x)[1]
        m = ADAM["beta1"] * m + (1 - ADAM["beta1"]) * g
        v = ADAM["beta2"] * v + (1 - ADAM["beta2"]) * g**2
        x = x - ADAM["lr"] * (m / (1 - ADAM["beta1"] ** t)) / (np.sqrt(v / (1 - ADAM["beta2"] ** t)) + ADAM["eps"])
        path.append(numbers(x))
    return path


def numbers(values: Array) -> list[float]:
    """Nine digits of each."""
    return [float(f"{v:.9g}") for v in values]


def main() -> None:
    """Write the file."""
    document = {
        "minima": {name: minimum(*problem) for name, problem in FUNCTIONS.items()},
        "adam": {"function": "softplus_30", "params": ADAM, "path": adam_path(*FUNCTIONS["softplus_30"])},
    }
    GOLDEN.write_text(json.dumps(document) + "\n")
    print(f"{GOLDEN.name}: {len(FUNCTIONS)} minima, {STEPS} steps of Adam")


if __name__ == "__main__":
    run(main)
