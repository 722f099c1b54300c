"""What Optuna reckons: densities of its Parzen estimators, judgements of its pruners, importances of parameters. Writes tune.json.

Debian's python3-optuna and python3-sklearn: /usr/bin/python3 test/golden/make-tune.py
"""

import json
import math
import os
import warnings

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers._tpe import _truncnorm
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator, _ParzenEstimatorParameters
from optuna.samplers._tpe.sampler import default_weights

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.WARNING)

# Version 3.1 leaves the width out: its kernels are no densities, since a narrow one does not rise above a wide one.
flat = _truncnorm.logpdf
_truncnorm.logpdf = lambda x, a, b, loc, scale: flat(x, a, b, loc, scale) - np.log(scale)

SPACES = {
    "numbers": {"x": FloatDistribution(-5, 10), "y": FloatDistribution(0, 15)},
    "logarithms": {"x": FloatDistribution(1e-5, 1e-1, log=True)},
    "steps": {"x": FloatDistribution(0, 1, step=0.125), "n": IntDistribution(-3, 9), "k": IntDistribution(8, 64, step=8)},
    "choices": {"c": CategoricalDistribution([0, 1, 2]), "x": FloatDistribution(0, 1), "d": CategoricalDistribution([0, 1])},
}


def draw(rng, distribution, size):
    if isinstance(distribution, CategoricalDistribution):
        return rng.randint(len(distribution.choices), size=size)
    low, high = distribution.low, distribution.high
    if isinstance(distribution, IntDistribution) or distribution.step is not None:
        count = round((high - low) / distribution.step) + 1
        return low + distribution.step * rng.randint(count, size=size)
    if distribution.log:
        return np.exp(rng.uniform(math.log(low), math.log(high), size))
    return rng.uniform(low, high, size)


def densities():
    """Logarithms in the scale that Optuna reckons in: that of the logarithm for log=True."""
    cases = []
    parameters = _ParzenEstimatorParameters(True, 1.0, True, False, default_weights, True)
    for name, space in SPACES.items():
        for count in (0, 1, 4, 26, 60):
            rng = np.random.RandomState(count + 1)
            observations = {key: draw(rng, each, count).astype(float) for key, each in space.items()}
            samples = {key: draw(rng, each, 8) for key, each in space.items()}
            logs = _ParzenEstimator(observations, space, parameters).log_pdf(samples)
            rows = lambda columns: [[float(columns[key][i]) for key in space] for i in range(len(columns[next(iter(space))]))]
            cases.append({"space": name, "observations": rows(observations), "samples": rows(samples), "logs": logs.tolist()})
    return cases


def judgements():
    """Trials side by side: who is next reports its next step. -> of each report [trial, step, value, pruned]; None for NaN"""
    pruners = {
        "asha": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=4),
        "asha 2 3": lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=2, reduction_factor=3),
        "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5),
        "median 2 3": lambda: optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=3),
    }
    cases = []
    for name, make in pruners.items():
        for direction in ("minimize", "maximize"):
            rng = np.random.RandomState(len(cases))
            study = optuna.create_study(pruner=make(), direction=direction)
            running, reports, begun = [], [], 0
            while begun < 40 or running:
                if begun < 40 and len(running) < 3:
                    running.append([study.ask(), 0, rng.uniform()])
                    begun += 1
                at = rng.randint(len(running))
                trial, step, level = running[at]
                step += 1
                value = math.nan if rng.uniform() < 0.02 else float(round(level + rng.normal() / (2 + step), 6))
                trial.report(value, step)
                pruned = bool(trial.should_prune())
                ended = pruned or step == 20
                reports.append([trial.number, step, None if math.isnan(value) else value, pruned])
                if ended:
                    running.pop(at)
                    state = optuna.trial.TrialState
                    study.tell(trial, None if pruned else 1.0, state=state.PRUNED if pruned else state.COMPLETE)
                else:
                    running[at][1] = step
            cases.append({"pruner": name, "direction": direction, "reports": reports})
    return cases


def importances():
    """Of a function of numbers, with its trials: fANOVA by a forest of 64 trees. Not of logarithms and choices: Optuna's box has the ones as they
    are, and a side for each of the others."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))

    def objective(trial):
        a = trial.suggest_float("a", 0, 1)
        b = trial.suggest_float("b", 0, 1)
        c = trial.suggest_float("c", 0, 1)
        d = trial.suggest_int("d", 1, 4)
        return 4 * (a - 0.3) ** 2 + 0.8 * b * a + 0.05 * c + 0.3 * d

    study.optimize(objective, n_trials=200)
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=64, seed=0)
    trials = [[*trial.params.values(), trial.value] for trial in study.trials]
    return {"trials": trials, "importances": optuna.importance.get_param_importances(study, evaluator=evaluator)}


def normal():
    """Of x: the normal distribution below x."""
    points = [-37.0, -20.5, -8.0, -5.25, -3.0, -2.999, -1.0, -0.001, 0.0, 0.5, 1.96, 2.999, 3.0, 6.0, 9.0]
    return [[x, 0.5 * math.erfc(-x / math.sqrt(2))] for x in points]


target = os.path.join(os.path.dirname(__file__), "tune.json")
with open(target, "w") as file:
    data = {"densities": densities(), "judgements": judgements(), "importances": importances(), "normal": normal()}
    json.dump(data, file, separators=(",", ":"))
    file.write("\n")
