"""Optuna's searches of Branin and Hartmann-6, which search.ts compares ours with. Writes optuna-runs.json: the best value of each run after so
many trials.

Debian's python3-optuna 3.1:  /usr/bin/python3 bench/tune/optuna-runs.py
"""

import json
import math
import os
import warnings

import optuna

SEEDS = 20
BUDGETS = [20, 40, 60, 80, 100]

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.WARNING)


def branin(trial):
    """Dixon and Szego 1978; least value 0.397887."""
    x = trial.suggest_float("x", -5, 10)
    y = trial.suggest_float("y", 0, 15)
    a = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
    return a**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


ALPHA = [1.0, 1.2, 3.0, 3.2]
A = [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
]
P = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
]


def hartmann6(trial):
    """Dixon and Szego 1978; least value -3.32237."""
    x = [trial.suggest_float(f"x{i}", 0, 1) for i in range(6)]
    return -sum(
        alpha * math.exp(-sum(a * (x[j] - p[j]) ** 2 for j, a in enumerate(row)))
        for alpha, row, p in zip(ALPHA, A, P)
    )


SAMPLERS = {
    "multivariate": lambda seed: optuna.samplers.TPESampler(multivariate=True, seed=seed),
    "independent": lambda seed: optuna.samplers.TPESampler(seed=seed),
}


def best_so_far(objective, sampler):
    study = optuna.create_study(sampler=sampler)
    study.optimize(objective, n_trials=BUDGETS[-1])
    values, best = [], math.inf
    for trial in study.trials:
        best = min(best, trial.value)
        values.append(best)
    return [float(f"{values[budget - 1]:.6g}") for budget in BUDGETS]


runs = {
    objective.__name__: {
        name: [best_so_far(objective, make(seed)) for seed in range(SEEDS)]
        for name, make in SAMPLERS.items()
    }
    for objective in (branin, hartmann6)
}
target = os.path.join(os.path.dirname(__file__), "optuna-runs.json")
with open(target, "w") as file:
    json.dump({"optuna": optuna.__version__, "budgets": BUDGETS, "runs": runs}, file, separators=(",", ":"))
    file.write("\n")
