// A pendulum that is too heavy to be lifted at once: the equations of Gym's Pendulum-v1.
import type { Environment, Outcome, Random } from "./environment.ts";

const GRAVITY = 10;
const MASS = 1;
const LENGTH = 1;
/** Seconds of a step. */
const TIME = 0.05;
const MOST_SPEED = 8;
/** Of an action, to either side. */
export const MOST_TORQUE = 2;
/** Steps of an episode. */
export const PENDULUM_LIMIT = 200;

/** The action is a torque. A reward is minus what the angle (0: upright), the speed and the torque cost, before the step. */
export class Pendulum implements Environment {
  readonly observed = 3;
  angle = 0;
  speed = 0;
  #steps = 0;

  reset(random: Random): void {
    this.angle = random.between(-Math.PI, Math.PI);
    this.speed = random.between(-1, 1);
    this.#steps = 0;
  }

  step(action: number): Outcome {
    const torque = within(action, MOST_TORQUE);
    const reward = -(turn(this.angle) ** 2 + 0.1 * this.speed ** 2 + 0.001 * torque ** 2);
    const push = ((3 * GRAVITY) / (2 * LENGTH)) * Math.sin(this.angle) + (3 / (MASS * LENGTH ** 2)) * torque;
    this.speed = within(this.speed + push * TIME, MOST_SPEED);
    this.angle += this.speed * TIME;
    this.#steps++;
    return { reward, terminated: false, truncated: this.#steps >= PENDULUM_LIMIT };
  }

  observe(into: Float32Array, at: number): void {
    into[at] = Math.cos(this.angle);
    into[at + 1] = Math.sin(this.angle);
    into[at + 2] = this.speed;
  }
}

function within(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value));
}

/** The same angle from -pi to below pi. */
function turn(angle: number): number {
  const whole = 2 * Math.PI;
  return ((((angle + Math.PI) % whole) + whole) % whole) - Math.PI;
}
