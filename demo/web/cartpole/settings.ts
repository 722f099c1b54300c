// What a visitor may choose: a way to learn, a pole, and the seed of everything random. It stands in the page's address.
import { choice, number, seed, whole } from "../shared/address.ts";

export const ways = {
  reinforce: {
    name: "REINFORCE with a baseline",
    about: "Plays whole episodes. Actions that led further than expected become likelier.",
    steps: 150_000,
    discount: 0.99,
  },
  ppo: {
    name: "PPO",
    about: "Eight carts at once, and many small corrections of what they did, none of them large.",
    steps: 100_000,
    discount: 0.98,
  },
  dqn: {
    name: "DQN",
    about: "Learns what each push is worth, from a memory of single moments. Takes its time.",
    steps: 120_000,
    discount: 0.99,
  },
} satisfies Readonly<Record<string, Way>>;

interface Way {
  readonly name: string;
  /** How it learns, in a sentence or two. */
  readonly about: string;
  /** Steps of the cart in a training: by then its learning rate is zero. */
  readonly steps: number;
  /** What a step counts, of the one before it. */
  readonly discount: number;
}

/** What the network's guess of a state's worth means. */
export function worthInWords(way: WayName): string {
  const { discount } = ways[way];
  const [second, third] = [discount, discount ** 2].map((share) => Number(share.toFixed(2)));
  return `“Worth” guesses how long it stays up: the next step counts 1, the one after it ${second}, then ${third} and so on, so never much above ${Math.round(1 / (1 - discount))}, however long. Untrained, it is no more than a guess, and may be below 0.`;
}

export type WayName = keyof typeof ways;

export interface Settings {
  readonly way: WayName;
  /** Metres, m/s² and newtons. */
  readonly length: number;
  readonly gravity: number;
  readonly force: number;
  readonly seed: number;
}

/** Least, most and step of the sliders. */
export const bounds = {
  length: [0.3, 1.8, 0.1],
  gravity: [1, 25, 0.2],
  force: [4, 20, 0.5],
} as const;

export const fields = {
  way: choice<WayName>("reinforce", Object.keys(ways) as WayName[]),
  length: number(1, bounds.length[0], bounds.length[1]),
  gravity: number(9.8, bounds.gravity[0], bounds.gravity[1]),
  force: number(10, bounds.force[0], bounds.force[1]),
  seed,
  /** Updates after which it stops; 0: at the end of the training. */
  steps: whole(0, 0, 1e7),
};
