// Who takes part: members drawn from stated distributions, the same for a seed, and the server that they share.
import { Random } from "../../demo/node/environments/environment.ts";
import type { Nature, Plan } from "./plan.ts";

/** Logarithms are normal: half of all are below the median, and two of three within a factor of e^spread. */
interface Spread {
  readonly median: number;
  readonly spread: number;
}

/** Milliseconds and bytes a millisecond. */
const world = {
  /** An inner step of a member, and how much that differs from one of its rounds to the next. */
  step: { median: 30, spread: 0.5 },
  jitter: { median: 1, spread: 0.1 },
  /** From a member to the server. */
  latency: { median: 25, spread: 0.5 },
  /** 20 Mbit/s to the server and 100 from it. */
  up: { median: 2500, spread: 0.7 },
  down: { median: 12_500, spread: 0.7 },
  /** Means of exponential distributions: from a member's coming to its death, and from there to its successor's coming. */
  life: 3_600_000,
  absence: 60_000,
  /** Members come at any time of the first seconds. */
  gathering: 10_000,
} as const satisfies Record<string, Spread | number>;

/** A gigabit a second each way; the rest as `--check` measures it on two cores of an AMD EPYC. */
export const server: Pick<Plan, "server" | "handling"> = {
  server: { up: 125_000, down: 125_000, request: 0.125, consumer: 1.3, name: 0.0017 },
  handling: { put: 60_000, get: 120_000 },
};

/** A server on this machine. */
export const local: Pick<Plan, "server" | "handling"> = {
  ...server,
  server: { ...server.server, up: 1e6, down: 1e6 },
};

/** What the distributions are, in words. */
export function describeWorld(): string {
  const { step, jitter, latency, up, down, life, absence, gathering } = world;
  const megabits = (bytes: number) => (8 * bytes) / 1000;
  const { request, consumer, name } = server.server;
  return [
    `Inner steps take ${step.median} ms (median; lognormal ${step.spread} between members, ${jitter.spread} between rounds);`,
    `latency ${latency.median} ms one way (${latency.spread}), ${megabits(up.median)} Mbit/s up and ${megabits(down.median)} down (${up.spread});`,
    `a member lives ${life / 60_000} minutes on average and is followed by another after ${absence / 1000} s (exponential);`,
    `all come within ${gathering / 1000} s. The server has ${megabits(server.server.up)} Mbit/s each way and takes ${request} ms a request, ${consumer} ms for the connection and the consumer of who joins, ${1000 * name} us for each name that it lists, one after the other;`,
    `members store ${server.handling.put / 1000} and fetch ${server.handling.get / 1000} MB a second at the most.`,
  ].join(" ");
}

function lognormal(random: Random, { median, spread }: Spread): number {
  return median * Math.exp(spread * random.normal());
}

function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.uniform());
}

function natureOf(random: Random, joins: number, innerSteps: number): Nature {
  const step = lognormal(random, world.step);
  return {
    joins,
    dies: joins + exponential(random, world.life),
    rounds: Number.POSITIVE_INFINITY,
    latency: lognormal(random, world.latency),
    up: lognormal(random, world.up),
    down: lognormal(random, world.down),
    compute: () => innerSteps * step * lognormal(random, world.jitter),
  };
}

/** So many members, and who comes after those that die. */
export function draw(seed: number, count: number, innerSteps: number): Pick<Plan, "members" | "successor"> {
  // One stream of random numbers a member, so that a member is the same beside more or fewer others.
  const streams = Array.from({ length: count }, (_, i) => new Random(seed * 1_000_003 + i));
  const natures = streams.map((random) => natureOf(random, random.between(0, world.gathering), innerSteps));
  const coming = new Random(seed * 1_000_003 - 1);
  return {
    members: natures,
    successor: ({ dies }) => natureOf(coming, dies + exponential(coming, world.absence), innerSteps),
  };
}
