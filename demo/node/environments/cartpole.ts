// A pole on a cart, to be kept upright by pushing the cart: Barto, Sutton and Anderson (1983), with the constants of Gym's CartPole-v1.
// Only operations that every engine rounds alike, so a seed leads to the same episodes everywhere.
import type { Environment, Outcome, Random } from "./environment.ts";

/** What may differ from the usual pole. */
export interface PoleSettings {
  /** m/s², downwards. Default 9.8. */
  readonly gravity?: number;
  /** Metres from end to end. Default 1. */
  readonly length?: number;
  /** Newtons of a push to either side. Default 10. */
  readonly force?: number;
}

const CART_MASS = 1;
const POLE_MASS = 0.1;
const MASS = CART_MASS + POLE_MASS;
/** Seconds of a step. */
export const CARTPOLE_TIME = 0.02;
/** Where the cart, or the pole, is lost: metres from the middle, and radians. */
export const MOST_AWAY = 2.4;
export const MOST_TILTED = (12 * 2 * Math.PI) / 360;
/** Steps of an episode. */
export const CARTPOLE_LIMIT = 500;

/** 1 - x²/n(n+1) (1 - x²/(n+2)(n+3) (1 - ...)): the cosine of x for n = 1, sine over x for n = 2; to the last digits below a right angle. */
function nested(square: number, n: number): number {
  let sum = 1;
  for (let k = n + 18; k >= n; k -= 2) sum = 1 - (square / (k * (k + 1))) * sum;
  return sum;
}

/** Two actions: to the left, to the right. A reward of 1 for every step, the last one included. */
export class CartPole implements Environment {
  readonly observed = 4;
  readonly actions = 2;
  /** Place and speed of the cart, angle and its speed of the pole. */
  readonly state = new Float64Array(4);
  readonly #gravity: number;
  /** From the hinge to the middle of the pole. */
  readonly #half: number;
  readonly #force: number;
  #steps = 0;

  constructor({ gravity = 9.8, length = 1, force = 10 }: PoleSettings = {}) {
    this.#gravity = gravity;
    this.#half = length / 2;
    this.#force = force;
  }

  reset(random: Random): void {
    for (let i = 0; i < 4; i++) this.state[i] = random.between(-0.05, 0.05);
    this.#steps = 0;
  }

  step(action: number): Outcome {
    this.move(action === 1 ? this.#force : -this.#force);
    this.#steps++;
    const terminated = Math.abs(this.state[0]) > MOST_AWAY || Math.abs(this.state[2]) > MOST_TILTED;
    return { reward: 1, terminated, truncated: !terminated && this.#steps >= CARTPOLE_LIMIT };
  }

  /** Lets the time of a step pass while so many newtons push the cart to the right. */
  move(force: number): void {
    const [x, speed, angle, turning] = this.state;
    const half = this.#half;
    const square = angle * angle;
    const [cos, sin] = [nested(square, 1), angle * nested(square, 2)];
    const pushed = (force + POLE_MASS * half * turning * turning * sin) / MASS;
    const turned = (this.#gravity * sin - cos * pushed) / (half * (4 / 3 - (POLE_MASS * cos * cos) / MASS));
    const moved = pushed - (POLE_MASS * half * turned * cos) / MASS;
    this.state[0] = x + CARTPOLE_TIME * speed;
    this.state[1] = speed + CARTPOLE_TIME * moved;
    this.state[2] = angle + CARTPOLE_TIME * turning;
    this.state[3] = turning + CARTPOLE_TIME * turned;
  }

  observe(into: Float32Array, at: number): void {
    into.set(this.state, at);
  }
}
