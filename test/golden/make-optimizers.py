"""Golden values of what trains: /usr/bin/python3 test/golden/make-optimizers.py (Debian's python3-torch 1.13), float64 throughout.

optimizers.json holds the parameters of 20 steps with given gradients, schedules.json the first 200 rates of schedules, trace.json
the losses of 50 steps of Adam on a network of three layers, from given weights and batches. NumPy formulas stand where torch
1.13 has no such optimizer or schedule; each says whose they are.
"""
import json
import math
import pathlib

import numpy
import torch
from torch.nn import functional

import make as golden
from make import number, numbers, real

random = numpy.random.default_rng(20240609)
torch.set_default_dtype(torch.float64)  # NAdam's product of momenta has the default's


# Optimizers

STEPS = 20
SHAPES = [(2, 3), (4, 2), (5,)]
RECORDED = [1, 2, 3, 5, 10, 20]


def far_from_zero(*shape):
    """Parameters of 1 to 2, either sign: steps of at most 0.6 in all leave no digits lost to cancellation near 0."""
    return real(*shape, low=1, high=2) * torch.tensor(random.choice([-1.0, 1.0], shape))


def steps_of(make, parameters, gradients, schedule=None, before=None, shown=lambda optimizer, leaf: leaf):
    """The parameters, or what is `shown` of them, after the recorded steps; `before` may change the gradients in place."""
    leaves = [p.clone().requires_grad_(True) for p in parameters]
    optimizer = make(leaves)
    rates = schedule and schedule(optimizer)
    history = []
    for step in gradients:
        for leaf, gradient in zip(leaves, step):
            leaf.grad = gradient.clone()
        if before:
            before(leaves)
        optimizer.step()
        if rates:
            rates.step()
        history.append([numbers(shown(optimizer, leaf)) for leaf in leaves])
    return [history[step - 1] for step in RECORDED]


def averages(optimizer, leaf):
    return optimizer.state[leaf]["ax"]


def turned(leaves):
    for leaf in leaves:
        leaf.grad.neg_()


def decayed(share):
    """Decoupled decay, which PyTorch 2 does before anything else; 1.13 has it in AdamW alone."""
    def before(leaves):
        for leaf in leaves:
            leaf.detach().mul_(1 - share)
    return before


def formula_of(make, parameters, gradients):
    """The same for a formula in NumPy: `make(parameter)` gives a function (w, g, t) -> w, t = 1, 2, ..., with its state inside."""
    values = [p.numpy().copy() for p in parameters]
    rules = [make(value) for value in values]
    history = []
    for t, step in enumerate(gradients, 1):
        values = [rule(w, g.numpy(), t) for rule, w, g in zip(rules, values, step)]
        history.append([numbers(torch.tensor(w)) for w in values])
    return [history[step - 1] for step in RECORDED]


def adam_update(w, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = numpy.zeros_like(w), numpy.zeros_like(w)

    def update(g, t):
        nonlocal m, v
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        return m / (1 - beta1**t) / (numpy.sqrt(v / (1 - beta2**t)) + eps)
    return update


def lamb(rate, decay=0.0):
    """You et al. 2020, algorithm 2, with phi(z) = z."""
    def make(w):
        update = adam_update(w, eps=1e-6)

        def rule(w, g, t):
            r = update(g, t) + decay * w
            return w - rate * numpy.linalg.norm(w) / numpy.linalg.norm(r) * r
        return rule
    return make


def lars(rate, momentum=0.9, decay=0.0, trust=0.001, nesterov=False, adapts=lambda w: True):
    """You et al. 2017, algorithm 1."""
    def make(w):
        v = numpy.zeros_like(w)

        def rule(w, g, t):
            nonlocal v
            norm = numpy.linalg.norm
            local = trust * norm(w) / (norm(g) + decay * norm(w)) if adapts(w) else 1
            step = rate * local * (g + (decay * w if adapts(w) else 0))
            v = momentum * v + step
            return w - (step + momentum * v if nesterov else v)
        return rule
    return make


def lion(rate, beta1=0.9, beta2=0.99, decay=0.0):
    """Chen et al. 2023, program 1."""
    def make(w):
        m = numpy.zeros_like(w)

        def rule(w, g, t):
            nonlocal m
            direction = numpy.sign(beta1 * m + (1 - beta1) * g)
            m = beta2 * m + (1 - beta2) * g
            return w - rate * (direction + decay * w)
        return rule
    return make


def muon(rate, momentum=0.95, nesterov=True, decay=0.1, others_rate=1e-3):
    """Jordan et al. 2024 as torch.optim.Muon of PyTorch 2.9 has it, AdamW with decay 0.01 for vectors."""
    def orthogonal(g):
        x = (g.T if g.shape[0] > g.shape[1] else g) / max(numpy.linalg.norm(g), 1e-7)
        for _ in range(5):
            a = x @ x.T
            x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
        return x.T if g.shape[0] > g.shape[1] else x

    def make(w):
        update = adam_update(w)
        buffer = numpy.zeros_like(w)

        def rule(w, g, t):
            nonlocal buffer
            if w.ndim != 2:
                return w - others_rate * (update(g, t) + 0.01 * w)
            buffer = momentum * buffer + (1 - momentum) * g
            ahead = momentum * buffer + (1 - momentum) * g if nesterov else buffer
            scale = math.sqrt(max(1, w.shape[0] / w.shape[1]))
            return w * (1 - rate * decay) - rate * scale * orthogonal(ahead)
        return rule
    return make


def changed(change, rate=0.02):
    """Gradient descent with changed gradients: change(w, g) -> g."""
    return lambda w: lambda w, g, t: w - rate * change(w, g)


def row_lengths(x):
    return numpy.sqrt((x**2).sum(axis=tuple(range(1, x.ndim)) if x.ndim > 1 else None, keepdims=True))


def agc(clipping, eps=1e-3):
    """Brock et al. 2021, equation 3, rows as units."""
    return changed(lambda w, g: g * numpy.minimum(1, clipping * numpy.maximum(row_lengths(w), eps) / row_lengths(g)))


def momentum(rate, share=0.9):
    def make(w):
        b = numpy.zeros_like(w)

        def rule(w, g, t):
            nonlocal b
            b = share * b + g
            return w - rate * b
        return rule
    return make


def constrained(constraint, inner=momentum(0.02)):
    """Projected after each update."""
    def make(w):
        rule = inner(w)
        return lambda w, g, t: constraint(rule(w, g, t))
    return make


def lookahead(every, alpha, rate=0.01):
    """Zhang et al. 2019, algorithm 1, around Adam."""
    def make(w):
        update, slow = adam_update(w), w

        def rule(w, g, t):
            nonlocal slow
            w = w - rate * update(g, t)
            if t % every == 0:
                w = slow = slow + alpha * (w - slow)
            return w
        return rule
    return make


def accumulate(steps, inner=momentum(0.02)):
    def make(w):
        rule, total = inner(w), numpy.zeros_like(w)

        def accumulated(w, g, t):
            nonlocal total
            total = total + g
            if t % steps > 0:
                return w
            mean, total = total / steps, numpy.zeros_like(total)
            return rule(w, mean, t // steps)
        return accumulated
    return make


def averaged(average, inner=momentum(0.02)):
    """Records average(mean, w, t) instead of w; momentum's step needs no w."""
    def make(w):
        rule, values, mean = inner(w), w, None

        def averaged_rule(_, g, t):
            nonlocal values, mean
            values = rule(values, g, t)
            mean = average(mean, values, t)
            return mean
        return averaged_rule
    return make


def ema(decay):
    return averaged(lambda mean, w, t: w if mean is None else decay * mean + (1 - decay) * w)


def swa(every):
    def average(mean, w, t):
        if (t - 1) % every > 0:
            return mean
        n = (t - 1) // every
        return w if mean is None else mean + (w - mean) / (n + 1)
    return averaged(average)


def rosenbrock(x):
    return ((1 - x[:-1])**2 + 100 * (x[1:] - x[:-1]**2)**2).sum()


def bowl(x):
    """Convex, of different curvatures, not quadratic."""
    scales = torch.arange(1, len(x) + 1)
    return (scales * torch.cosh(x - 1 / scales)).sum() + (x.sum() - 3)**2


def lbfgs(function, start, steps, **options):
    """x after each step, and how often the loss was evaluated in all."""
    x = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.LBFGS([x], **options)
    evaluations, history = 0, []

    def closure():
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        loss = function(x)
        loss.backward()
        return loss
    for _ in range(steps):
        loss = optimizer.step(closure)
        history.append({"loss": loss.item(), "x": numbers(x), "evaluations": evaluations})
    return history


def searches():
    wolfe = {"line_search_fn": "strong_wolfe"}
    return {
        "rosenbrock, line search": lbfgs(rosenbrock, [-1.2, 1.0], 20, max_iter=2, **wolfe),
        "rosenbrock of four, line search": lbfgs(rosenbrock, [-1.2, 1.0, 0.5, 2.0], 20, history_size=3, **wolfe),
        "bowl, line search": lbfgs(bowl, [3.0, -2.0, 1.5, 0.25, -1.0], 5, max_iter=3, **wolfe),
        "bowl": lbfgs(bowl, [3.0, -2.0, 1.5, 0.25, -1.0], 20, lr=0.5, max_iter=4, history_size=2),
    }


def optimizers():
    optim = torch.optim
    parameters = [far_from_zero(*shape) for shape in SHAPES]
    gradients = [[real(*shape, low=-1, high=1) for shape in SHAPES] for _ in range(STEPS)]
    # Where a decay of 0.1 cancels a first gradient, Adam's first step is the sign of rounding.
    assert all((g + share * p).abs().min() > 1e-3 for share in (0.1, -0.15) for g, p in zip(gradients[0], parameters))
    cosine = lambda optimizer: optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS, eta_min=1e-3)
    one_cycle = lambda optimizer: optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=STEPS)
    cyclic = lambda optimizer: optim.lr_scheduler.CyclicLR(optimizer, 0.01, 0.03, step_size_up=4)
    clip = torch.nn.utils
    runs = {
        "sgd": (lambda p: optim.SGD(p, 0.02),),
        "sgd momentum": (lambda p: optim.SGD(p, 0.01, momentum=0.9),),
        "sgd nesterov": (lambda p: optim.SGD(p, 0.01, momentum=0.9, nesterov=True),),
        "sgd dampening": (lambda p: optim.SGD(p, 0.02, momentum=0.9, dampening=0.5),),
        "sgd maximize": (lambda p: optim.SGD(p, 0.02, momentum=0.5, weight_decay=0.1, maximize=True),),
        "sgd decay": (lambda p: optim.SGD(p, 0.02, weight_decay=0.1),),
        "sgd nesterov decay": (lambda p: optim.SGD(p, 0.01, momentum=0.5, nesterov=True, weight_decay=0.1),),
        "sgd momentum cosine": (lambda p: optim.SGD(p, 0.02, momentum=0.9), cosine),
        "adam": (lambda p: optim.Adam(p, 0.01),),
        "adam decay": (lambda p: optim.Adam(p, 0.01, weight_decay=0.1),),
        "adam betas": (lambda p: optim.Adam(p, 0.01, betas=(0.8, 0.9), eps=1e-3),),
        "adam amsgrad": (lambda p: optim.Adam(p, 0.01, betas=(0.9, 0.5), amsgrad=True),),
        "adam cosine": (lambda p: optim.Adam(p, 0.02), cosine),
        "adamW": (lambda p: optim.AdamW(p, 0.01),),
        "adamW decay": (lambda p: optim.AdamW(p, 0.01, weight_decay=0.5),),
        "adamW mask": (lambda p: optim.AdamW([
            {"params": p[:2], "weight_decay": 0.5}, {"params": p[2:], "weight_decay": 0}], 0.01),),
        "adamW amsgrad": (lambda p: optim.AdamW(p, 0.01, betas=(0.9, 0.5), amsgrad=True),),
        "adagrad": (lambda p: optim.Adagrad(p, 0.02),),
        "adagrad options": (lambda p: optim.Adagrad(p, 0.05, 0.1, 0.1, 0.5, 1e-3),),
        "adadelta": (lambda p: optim.Adadelta(p),),
        "adadelta options": (lambda p: optim.Adadelta(p, 0.5, rho=0.8, eps=1e-4, weight_decay=0.1),),
        "rmsprop": (lambda p: optim.RMSprop(p, 0.005),),
        "rmsprop centered": (lambda p: optim.RMSprop(p, 0.005, centered=True),),
        "rmsprop options": (lambda p: optim.RMSprop(p, 0.002, 0.9, 1e-4, 0.1, 0.5, True),),
        "adamax": (lambda p: optim.Adamax(p, 0.01),),
        "adamax options": (lambda p: optim.Adamax(p, 0.01, (0.8, 0.9), 1e-3, 0.1),),
        # The loop over single tensors of 1.13 multiplies by a momentum twice; this one is the paper's, and what PyTorch 2 does.
        "nadam": (lambda p: optim.NAdam(p, 0.01, foreach=True),),
        "nadam options": (lambda p: optim.NAdam(p, 0.01, (0.8, 0.9), 1e-3, 0.1, 0.1, foreach=True),),
        "radam": (lambda p: optim.RAdam(p, 0.01),),
        "radam options": (lambda p: optim.RAdam(p, 0.01, (0.8, 0.9), 1e-3, 0.1),),
        "adam maximize": (lambda p: optim.Adam(p, 0.01, weight_decay=0.15, maximize=True),),
        "adamW maximize": (lambda p: optim.AdamW(p, 0.01, weight_decay=0.15, maximize=True),),
        "adagrad maximize": (lambda p: optim.Adagrad(p, 0.02, weight_decay=0.15, maximize=True),),
        "adadelta maximize": (lambda p: optim.Adadelta(p, weight_decay=0.15, maximize=True),),
        "rmsprop maximize": (lambda p: optim.RMSprop(p, 0.005, weight_decay=0.15, maximize=True),),
        "adamax maximize": (lambda p: optim.Adamax(p, 0.01, weight_decay=0.15, maximize=True),),
        # As PyTorch 2 does it; 1.13 cannot yet.
        "nadam maximize": (lambda p: optim.NAdam(p, 0.01, weight_decay=0.15, foreach=True), None, turned),
        "radam maximize": (lambda p: optim.RAdam(p, 0.01, weight_decay=0.15), None, turned),
        "nadam decoupled": (lambda p: optim.NAdam(p, 0.01, foreach=True), None, decayed(0.01 * 0.5)),
        "radam decoupled": (lambda p: optim.RAdam(p, 0.01), None, decayed(0.01 * 0.5)),
        "rprop": (lambda p: optim.Rprop(p, 0.01),),
        "rprop options": (lambda p: optim.Rprop(p, 0.03, (0.4, 1.5), (0.01, 0.05), maximize=True),),
        "asgd": (lambda p: optim.ASGD(p, 0.02), None, None, averages),
        "asgd options": (lambda p: optim.ASGD(p, 0.05, 0.1, 0.5, 3, 0.1), None, None, averages),
        "asgd maximize": (lambda p: optim.ASGD(p, 0.02, t0=0, maximize=True), None, None, averages),
        "sgd one cycle": (lambda p: optim.SGD(p, 0.02, momentum=0.9), one_cycle),
        "sgd nesterov cyclic": (lambda p: optim.SGD(p, 0.01, momentum=0.9, nesterov=True), cyclic),
        "rmsprop one cycle": (lambda p: optim.RMSprop(p, 0.005, momentum=0.5), one_cycle),
        "adam one cycle": (lambda p: optim.Adam(p, 0.01), one_cycle),
        "adamW one cycle": (lambda p: optim.AdamW(p, 0.01), one_cycle),
        "adamax one cycle": (lambda p: optim.Adamax(p, 0.01), one_cycle),
        "nadam one cycle": (lambda p: optim.NAdam(p, 0.01, foreach=True), one_cycle),
        "radam one cycle": (lambda p: optim.RAdam(p, 0.01), one_cycle),
        "clipByGlobalNorm": (lambda p: optim.SGD(p, 0.02), None, lambda p: clip.clip_grad_norm_(p, 2.0)),
        "clipByValue": (lambda p: optim.SGD(p, 0.02), None, lambda p: clip.clip_grad_value_(p, 0.5)),
        "parameterGroups": (lambda p: optim.SGD([
            {"params": p[:1], "momentum": 0.9}, {"params": p[1:], "lr": 0.02, "weight_decay": 0.1}], 0.01),),
    }
    formulas = {
        "lamb": lamb(0.01),
        "lamb decay": lamb(0.01, decay=0.1),
        "lars": lars(5),
        "lars decay": lars(5, decay=0.1, nesterov=True, momentum=0.5),
        "lars mask": lars(0.02, decay=0.1, trust=0.5, adapts=lambda w: w.ndim > 1),
        "lion": lion(0.01),
        "lion decay": lion(0.01, 0.8, 0.7, decay=0.1),
        "muon": muon(0.01),
        "muon plain": muon(0.01, momentum=0.8, nesterov=False, decay=0.0, others_rate=0.01),
        "agc": agc(0.1),
        "l1Penalty": changed(lambda w, g: g + 0.3 * numpy.sign(w)),
        "l2Penalty": changed(lambda w, g: g + 2 * 0.3 * w),
        "lookahead": lookahead(3, 0.4),
        "accumulate": accumulate(4),
        "ema": ema(0.9),
        "swa": swa(3),
        "maxNorm": constrained(lambda w: w * numpy.minimum(1, 1.5 / row_lengths(w))),
        "unitNorm": constrained(lambda w: w / row_lengths(w)),
        "nonNegative": constrained(lambda w: numpy.maximum(w, 0) if w.ndim > 1 else w),
        "clamp": constrained(lambda w: numpy.clip(w, -1.25, 1.5)),
        "addDecayedWeights mask": changed(lambda w, g: g + 0.3 * w if w.ndim > 1 else g),
    }
    return {
        "recorded": RECORDED,
        "shapes": [list(shape) for shape in SHAPES],
        "parameters": [numbers(p) for p in parameters],
        "searches": searches(),
        "gradients": [[numbers(g) for g in step] for step in gradients],
        "runs": {
            **{name: steps_of(run[0], parameters, gradients, *run[1:]) for name, run in runs.items()},
            **{name: formula_of(make, parameters, gradients) for name, make in formulas.items()},
        },
    }


# Schedules

RATES = 200


def scheduled(make, steps=RATES, what="lr"):
    """The first 200 rates, or momenta, of a schedule of torch.optim.lr_scheduler, the last of them kept from `steps` on."""
    parameter = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    schedule = make(lambda value: torch.optim.SGD([parameter], value, momentum=0.9))
    found = []
    for _ in range(steps):
        found.append(schedule.optimizer.param_groups[0][what])
        schedule.optimizer.step()
        schedule.step()
    found += found[-1:] * (RATES - steps)
    return [number(x) for x in found]


def schedules():
    s = torch.optim.lr_scheduler
    torch_ones = {
        "stepDecay": lambda o: s.StepLR(o(0.1), 30),
        "stepDecay gamma": lambda o: s.StepLR(o(0.3), 7, gamma=0.9),
        "multiStepDecay": lambda o: s.MultiStepLR(o(0.1), [20, 21, 150]),
        "multiStepDecay gamma": lambda o: s.MultiStepLR(o(0.1), [0, 100], gamma=0.5),
        "exponentialDecay": lambda o: s.ExponentialLR(o(0.1), 0.97),
        "polynomialDecay": lambda o: s.PolynomialLR(o(0.1), 150),
        "polynomialDecay power": lambda o: s.PolynomialLR(o(0.1), 200, power=2.5),
        "cosineDecay": lambda o: s.CosineAnnealingLR(o(0.1), 199),
        "cosineDecay final": lambda o: s.CosineAnnealingLR(o(1e-3), 199, eta_min=1e-5),
        "cosineAnnealing": lambda o: s.CosineAnnealingLR(o(0.1), 30),
        "cosineAnnealing final": lambda o: s.CosineAnnealingLR(o(1e-3), 7, eta_min=1e-5),
        "cosineRestarts": lambda o: s.CosineAnnealingWarmRestarts(o(0.1), 30),
        "cosineRestarts factor": lambda o: s.CosineAnnealingWarmRestarts(o(0.1), 10, 2, 0.01),
        "cosineRestarts three": lambda o: s.CosineAnnealingWarmRestarts(o(0.1), 7, 3),
        "linearWarmup": lambda o: s.LinearLR(o(0.1), total_iters=50),
        "linearWarmup factor": lambda o: s.LinearLR(o(0.1), start_factor=0.01, total_iters=77),
        "linearSchedule": lambda o: s.LinearLR(o(0.1), total_iters=50),
        "linearSchedule down": lambda o: s.LinearLR(o(0.1), start_factor=1, end_factor=0.1, total_iters=77),
        "linearSchedule both": lambda o: s.LinearLR(o(0.1), start_factor=0.25, end_factor=0.75, total_iters=1),
        "oneCycle": lambda o: s.OneCycleLR(o(0.1), 0.1, total_steps=200, cycle_momentum=False),
        "cyclic": lambda o: s.CyclicLR(o(0.01), 0.01, 0.1, step_size_up=23, cycle_momentum=False),
        "cyclic halves": lambda o: s.CyclicLR(
            o(0.01), 0.01, 0.1, step_size_up=10, step_size_down=31, mode="triangular2", cycle_momentum=False),
        "cyclic exponential": lambda o: s.CyclicLR(
            o(0.01), 0.01, 0.1, step_size_up=17, mode="exp_range", gamma=0.99, cycle_momentum=False),
    }
    # Beyond its end OneCycleLR fails; ours keeps its last value.
    short = {
        "oneCycle linear": (150, lambda o: s.OneCycleLR(
            o(0.1), 0.1, total_steps=150, pct_start=0.41, anneal_strategy="linear", div_factor=10, final_div_factor=100,
            cycle_momentum=False)),
        "oneCycle three": (180, lambda o: s.OneCycleLR(
            o(0.1), 0.1, total_steps=180, three_phase=True, cycle_momentum=False)),
    }
    # With these go momenta.
    cycled = {
        "cyclic momentum": (200, lambda o: s.CyclicLR(o(0.01), 0.01, 0.1, step_size_up=23, mode="triangular2")),
        "oneCycleMomentum": (200, lambda o: s.OneCycleLR(o(0.1), 0.1, total_steps=200)),
        "oneCycleMomentum linear": (150, lambda o: s.OneCycleLR(
            o(0.1), 0.1, total_steps=150, pct_start=0.41, anneal_strategy="linear", base_momentum=0.5, max_momentum=0.75)),
        "oneCycleMomentum three": (180, lambda o: s.OneCycleLR(o(0.1), 0.1, total_steps=180, three_phase=True)),
    }
    noam = lambda size, warmup, factor=1: lambda t: factor * size**-0.5 * min((t + 1)**-0.5, (t + 1) * warmup**-1.5)
    warm = lambda t: 0.1 * t / 20
    cosine = lambda t: 0.05 * (1 + math.cos(math.pi * min(t / 100, 1)))
    formulas = {
        "constantSchedule": lambda t: 0.1,
        "inverseTimeDecay": lambda t: 0.1 / (1 + 0.05 * t),
        "inverseTimeDecay staircase": lambda t: 0.1 / (1 + 0.5 * (t // 30)),
        "noam": noam(512, 100),
        "noam factor": noam(64, 7, 0.5),
        "piecewiseConstant": lambda t: 0.1 if t < 50 else 0.05 if t < 51 else 0.025 if t < 120 else 0.001,
        "joinedSchedules": lambda t: warm(t) if t < 20 else cosine(t - 20) if t < 130 else 0.003,
        "scaledSchedule": lambda t: 0.97**t * warm(min(t, 20)),
    }
    return {
        **{name: scheduled(make) for name, make in torch_ones.items()},
        **{name: scheduled(make, steps) for name, (steps, make) in short.items()},
        **{name: scheduled(make, steps, "momentum") for name, (steps, make) in cycled.items()},
        **{name: [number(float(rate(t))) for t in range(RATES)] for name, rate in formulas.items()},
    }


# A training

def trace():
    """20-32-16-3 with tanh and relu, crossEntropy, Adam 1e-2: 50 batches of 8 out of 36 rows."""
    sizes, rows, batch, steps = [20, 32, 16, 3], 36, 8, 50
    bound = lambda n, *shape: real(*shape, low=-64 / math.sqrt(n) // 1 / 64, high=64 / math.sqrt(n) // 1 / 64)
    layers = [(bound(n, m, n), bound(n, m)) for n, m in zip(sizes, sizes[1:])]
    x = torch.round(real(rows, sizes[0]) * 4) / 4
    y = torch.tensor(random.integers(0, 3, rows))
    index = torch.tensor(numpy.stack([random.choice(rows, batch, replace=False) for _ in range(steps)]))
    parameters = [tensor.clone().requires_grad_(True) for layer in layers for tensor in layer]
    optimizer = torch.optim.Adam(parameters, 1e-2)
    losses = []
    for rows_of in index:
        w1, b1, w2, b2, w3, b3 = parameters
        hidden = torch.tanh(x[rows_of] @ w1.T + b1)
        loss = functional.cross_entropy(torch.relu(hidden @ w2.T + b2) @ w3.T + b3, y[rows_of])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {
        "sizes": sizes,
        "rows": rows,
        "batch": batch,
        "parameters": [numbers(tensor) for layer in layers for tensor in layer],
        "x": numbers(x),
        "y": y.tolist(),
        "index": index.tolist(),
        "losses": losses,
    }


def settled(new, old):
    """The recorded value where the new one differs by rounding alone: sums of products are rounded otherwise on other machines."""
    if isinstance(new, dict):
        known = old if isinstance(old, dict) else {}
        return {name: settled(value, known.get(name)) for name, value in new.items()}
    if isinstance(new, list):
        return [settled(*pair) for pair in zip(new, old)] if isinstance(old, list) and len(old) == len(new) else new
    return old if isinstance(new, float) and isinstance(old, (int, float)) and math.isclose(new, old, rel_tol=1e-9) else new


def lines(entries, depth):
    """JSON with an entry a line, and a run a line: one more is one line more."""
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    text = lambda key, value: lines(value, depth - 1) if depth > 1 and key == "runs" else compact(value)
    return "{\n" + ",\n".join(f"{json.dumps(key)}: {text(key, value)}" for key, value in entries.items()) + "\n}"


def main():
    golden.random = numpy.random.default_rng(20240607)  # of what `real` draws
    folder = pathlib.Path(__file__).parent
    for name, make in {"optimizers": optimizers, "schedules": schedules, "trace": trace}.items():
        path = folder / f"{name}.json"
        path.write_text(lines(settled(make(), json.loads(path.read_text())), 2) + "\n")


if __name__ == "__main__":
    main()
