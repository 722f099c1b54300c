"""Golden episodes of environments: /usr/bin/python3 test/golden/make-environments.py, float64.

Writes environments.json. Accelerations come from Newton's laws as linear equations, not from Gym's formulas, which are these laws solved by hand
(Barto, Sutton and Anderson 1983 without friction; a rod turned about its end); constants and the order of the steps of Euler's method are those
of Gym's CartPole-v1 and Pendulum-v1.
"""
import json
import math
import pathlib

import numpy as np

random = np.random.default_rng(7)


def cartpole(state, actions):
    gravity, cart, pole, half, time = 9.8, 1.0, 0.1, 0.5, 0.02
    state = np.array(state)
    rows = []
    for action in actions:
        x, speed, angle, turning = state
        force = 10.0 if action == 1 else -10.0
        # Of the whole along the track; of the pole about its middle, a rod of inertia m half^2 / 3.
        laws = np.array([[cart + pole, pole * half * math.cos(angle)], [math.cos(angle), 4 / 3 * half]])
        given = np.array([force + pole * half * turning**2 * math.sin(angle), gravity * math.sin(angle)])
        moved, turned = np.linalg.solve(laws, given)
        state = state + time * np.array([speed, moved, turning, turned])
        over = bool(abs(state[0]) > 2.4 or abs(state[2]) > math.radians(12))
        rows.append({"action": action, "state": state.tolist(), "reward": 1.0, "terminated": over})
        if over:
            break
    return rows


def pendulum(state, torques):
    gravity, mass, length, time = 10.0, 1.0, 1.0, 0.05
    angle, speed = state
    rows = []
    for torque in torques:
        used = min(max(torque, -2.0), 2.0)
        upright = math.remainder(angle, 2 * math.pi)
        reward = -(upright**2 + 0.1 * speed**2 + 0.001 * used**2)
        # A rod about its end: its inertia times its acceleration is what weight and torque turn it by.
        turned = (mass * gravity * length / 2 * math.sin(angle) + used) / (mass * length**2 / 3)
        speed = min(max(speed + time * turned, -8.0), 8.0)
        angle = angle + time * speed
        rows.append({"action": torque, "state": [angle, speed], "reward": reward, "terminated": False})
    return rows


episodes = {
    "cartpole": [
        {"start": start, "rows": cartpole(start, actions)}
        for start, actions in [
            ([0.01, -0.02, 0.03, 0.04], [i % 2 for i in range(60)]),
            ([0.0, 0.0, 0.0, 0.0], [1] * 60),
            ([-2.3, -1.5, 0.05, 0.1], random.integers(0, 2, 60).tolist()),
        ]
    ],
    "pendulum": [
        {"start": start, "rows": pendulum(start, torques)}
        for start, torques in [
            ([3.0, -1.0], random.uniform(-3, 3, 40).tolist()),
            ([-0.1, 7.9], [2.5] * 40),
            ([-9.0, -6.0], [-1.0] * 40),
        ]
    ],
}
path = pathlib.Path(__file__).with_name("environments.json")
path.write_text(json.dumps(episodes, separators=(",", ":")).replace('{"action"', '\n{"action"') + "\n")
