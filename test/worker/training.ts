// A small training whose every number is compared: losses of all steps, validations, final weights.
import { type Executor, type Measures, Trainer } from "simdgrad";
import { crossEntropy, Dropout, Linear, relu, Sequential } from "simdgrad/nn";
import { adam } from "simdgrad/optim";

const FEATURES = 20;
const CLASSES = 4;

/** Seeded whole numbers below 2^16. */
function numbers(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
}

function samples(rows: number, seed: number) {
  return {
    x: { data: Float32Array.from(numbers(rows * FEATURES, seed), (n) => n / 32768 - 1), shape: [rows, FEATURES] },
    y: { data: Int32Array.from(numbers(rows, seed + 1), (n) => n % CLASSES), shape: [rows] },
  };
}

/** What a training gave. */
export interface Outcome {
  readonly losses: readonly number[];
  readonly validations: readonly Measures[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

export function newTrainer(executor: Executor, width = 48): Trainer {
  const model = new Sequential(new Linear(FEATURES, width), relu, new Dropout(0.2), new Linear(width, CLASSES));
  return new Trainer(model, { loss: crossEntropy, optimizer: adam(0.003), executor, seed: 5 });
}

export const trainingData = samples(500, 1);
export const heldData = samples(90, 77);

/** Trains; `meanwhile` is called with each report's step. */
export async function training(
  executor: Executor,
  options: { readonly epochs: number; readonly batch?: number; readonly width?: number },
  meanwhile: (step: number, trainer: Trainer) => void = () => {},
): Promise<Outcome> {
  const trainer = newTrainer(executor, options.width);
  await trainer.load(trainingData);
  const losses: number[] = [];
  const validations: Measures[] = [];
  for await (const report of trainer.fit({
    batch: options.batch ?? 32,
    epochs: options.epochs,
    validation: heldData,
  })) {
    losses.push(...report.losses);
    validations.push(...report.validations);
    meanwhile(report.step, trainer);
  }
  const state = await trainer.stateDict();
  await trainer.dispose();
  return {
    losses,
    validations,
    weights: Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, [...data]])),
  };
}
