// Functions that searches are compared on, and what searches of them reach: by ours, and by Optuna's, which optuna-runs.py wrote down.
import { bayesian, openStudy, random, type Sampler, type Space, uniform } from "../../src/tune/index.ts";
import optuna from "./optuna-runs.json" with { type: "json" };

const SEEDS = optuna.runs.branin.multivariate.length;

interface Searched {
  readonly space: Space;
  /** By the values in the order of the space. */
  readonly value: (x: readonly number[]) => number;
  readonly least: number;
}

/** Dixon and Szego 1978. */
function branin([x, y]: readonly number[]): number {
  const a = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
  return a ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}

const ALPHA = [1, 1.2, 3, 3.2];
const A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const P = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

/** Dixon and Szego 1978. */
function hartmann6(x: readonly number[]): number {
  const distance = (i: number) => A[i].reduce((sum, a, j) => sum + a * (x[j] - P[i][j]) ** 2, 0);
  return -ALPHA.reduce((sum, alpha, i) => sum + alpha * Math.exp(-distance(i)), 0);
}

const functions = {
  branin: { space: { x: uniform(-5, 10), y: uniform(0, 15) }, value: branin, least: 0.397887 },
  hartmann6: {
    space: Object.fromEntries(P[0].map((_, i) => [`x${i}`, uniform(0, 1)])),
    value: hartmann6,
    least: -3.32237,
  },
} satisfies Readonly<Record<string, Searched>>;

type Name = keyof typeof functions;

/** How far the best of so many trials is above the least value, the median of all seeds. */
export type Regrets = Readonly<Record<number, number>>;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** Of runs, each with its best value at each budget. */
function regretsOf(runs: readonly (readonly number[])[], least: number): Regrets {
  return Object.fromEntries(optuna.budgets.map((budget, i) => [budget, median(runs.map((run) => run[i])) - least]));
}

async function runOf({ space, value }: Searched, sampler: Sampler, seed: number): Promise<number[]> {
  const study = await openStudy({ space, sampler, seed });
  const [most] = optuna.budgets.slice(-1);
  const history = await study.trials(most, { objective: ({ values }) => value(Object.values(values) as number[]) });
  return optuna.budgets.map((budget) => Math.min(...history.slice(0, budget).map((trial) => trial.value ?? Infinity)));
}

/** What each way of searching reaches on a function. */
export async function search(name: Name): Promise<Readonly<Record<string, Regrets>>> {
  const { least } = functions[name];
  const ours = async (sampler: Sampler) => {
    const runs: number[][] = [];
    for (let seed = 0; seed < SEEDS; seed++) runs.push(await runOf(functions[name], sampler, seed));
    return regretsOf(runs, least);
  };
  return {
    "`random()`": await ours(random()),
    "`bayesian()`": await ours(bayesian()),
    [`Optuna ${optuna.optuna}, \`TPESampler(multivariate=True)\``]: regretsOf(optuna.runs[name].multivariate, least),
    [`Optuna ${optuna.optuna}, \`TPESampler()\``]: regretsOf(optuna.runs[name].independent, least),
  };
}

/** The names of all functions, and how many trials are looked at. */
export const names = Object.keys(functions) as readonly Name[];
export const budgets: readonly number[] = optuna.budgets;
