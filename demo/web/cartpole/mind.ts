// A trained network, run in the page for the one cart that is drawn: fifty times a second, a few thousand products each.
import type { Report } from "./order.ts";
import type { WayName } from "./settings.ts";

/** A dense layer: weights [outputs, inputs], row by row. */
export interface Layer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** What a network thinks of a state. */
export interface Thought {
  /** 0 to the left, 1 to the right. */
  readonly action: number;
  /** Of each of the two: its probability, or what it is worth where the way to learn has no probabilities. */
  readonly numbers: readonly number[];
  /** Steps to come, later ones counting less. */
  readonly value: number;
}

export class Mind {
  readonly #way: WayName;
  readonly #network: readonly Layer[];
  readonly #critic: readonly Layer[] | undefined;

  constructor(way: WayName, { network, critic }: Pick<Report, "network" | "critic">) {
    this.#way = way;
    this.#network = network;
    this.#critic = critic;
  }

  /** Whether its numbers are probabilities. */
  get hasProbabilities(): boolean {
    return this.#critic !== undefined;
  }

  think(state: ArrayLike<number>): Thought {
    const activation = this.#way === "dqn" ? (x: number) => Math.max(0, x) : Math.tanh;
    const numbers = forward(this.#network, state, activation);
    const action = numbers[1] > numbers[0] ? 1 : 0;
    if (this.#critic === undefined) return { action, numbers, value: numbers[action] };
    const right = 1 / (1 + Math.exp(numbers[0] - numbers[1]));
    const [value] = forward(this.#critic, state, activation);
    return { action, numbers: [1 - right, right], value };
  }
}

function forward(layers: readonly Layer[], state: ArrayLike<number>, activation: (x: number) => number): number[] {
  let values = Array.from(state);
  layers.forEach(({ weight, bias }, index) => {
    const inputs = values;
    values = Array.from(bias, (start, row) => {
      let sum = start;
      for (let i = 0; i < inputs.length; i++) sum += weight[row * inputs.length + i] * inputs[i];
      return index < layers.length - 1 ? activation(sum) : sum;
    });
  });
  return values;
}
