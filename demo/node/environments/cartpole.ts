// A pole on a cart, to be kept upright by pushing the cart: Barto, Sutton and Anderson (1983), with the constants of Gym's CartPole-v1.
import type { Environment, Outcome, Random } from "./environment.ts";

const GRAVITY = 9.8;
const CART_MASS = 1;
const POLE_MASS = 0.1;
const MASS = CART_MASS + POLE_MASS;
/** From the hinge to the middle of the pole. */
const LENGTH = 0.5;
const FORCE = 10;
/** Seconds of a step. */
const TIME = 0.02;
/** Where the cart, or the pole, is lost. */
const MOST_AWAY = 2.4;
const MOST_TILTED = (12 * 2 * Math.PI) / 360;
/** Steps of an episode. */
export const CARTPOLE_LIMIT = 500;

/** Two actions: to the left, to the right. A reward of 1 for every step, the last one included. */
export class CartPole implements Environment {
  readonly observed = 4;
  readonly actions = 2;
  /** Place and speed of the cart, angle and its speed of the pole. */
  readonly state = new Float64Array(4);
  #steps = 0;

  reset(random: Random): void {
    for (let i = 0; i < 4; i++) this.state[i] = random.between(-0.05, 0.05);
    this.#steps = 0;
  }

  step(action: number): Outcome {
    const [x, speed, angle, turning] = this.state;
    const force = action === 1 ? FORCE : -FORCE;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const pushed = (force + POLE_MASS * LENGTH * turning * turning * sin) / MASS;
    const turned = (GRAVITY * sin - cos * pushed) / (LENGTH * (4 / 3 - (POLE_MASS * cos * cos) / MASS));
    const moved = pushed - (POLE_MASS * LENGTH * turned * cos) / MASS;
    this.state[0] = x + TIME * speed;
    this.state[1] = speed + TIME * moved;
    this.state[2] = angle + TIME * turning;
    this.state[3] = turning + TIME * turned;
    this.#steps++;
    const terminated = Math.abs(this.state[0]) > MOST_AWAY || Math.abs(this.state[2]) > MOST_TILTED;
    return { reward: 1, terminated, truncated: !terminated && this.#steps >= CARTPOLE_LIMIT };
  }

  observe(into: Float32Array, at: number): void {
    into.set(this.state, at);
  }
}
