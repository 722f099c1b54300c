// A training of 100 steps that touches most of what a portable program can: its parameters' bits are the same on every machine;
// so are first values by all initialisers.
// Data are whole numbers from a recurrence, so that no engine's Math has a part in them.
import { type Executor, evaluateAll, randomKey, Trainer } from "simdgrad";
import { crossEntropy, Dropout, gelu, init, Linear, Sequential, sigmoid, tanh } from "simdgrad/nn";
import { adamW, cosineDecay } from "simdgrad/optim";

const ROWS = 203;
const FEATURES = 19;
const CLASSES = 5;

/** Whole numbers below 2^16 from a linear congruential recurrence. */
function numbers(count: number): number[] {
  let state = 12345;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state >>> 16;
  });
}

/** A hash of all parameters, in order of their paths. */
export async function parametersHash(executor: Executor): Promise<string> {
  const model = new Sequential(
    new Linear(FEATURES, 33),
    tanh,
    new Dropout(0.1),
    new Linear(33, 17),
    gelu,
    new Linear(17, 16),
    sigmoid,
    new Linear(16, CLASSES),
  );
  const trainer = new Trainer(model, {
    loss: crossEntropy,
    optimizer: adamW(cosineDecay(0.01, { steps: 100 })),
    executor,
    seed: 7,
  });
  const x = Float32Array.from(numbers(ROWS * FEATURES), (value) => value / 32768 - 1);
  const y = Int32Array.from(numbers(ROWS), (value) => value % CLASSES);
  await trainer.load({ x: { data: x, shape: [ROWS, FEATURES] }, y: { data: y, shape: [ROWS] } });
  let steps = 0;
  // 203 rows in batches of 21 are ten steps an epoch, the last one ragged.
  for await (const { step } of trainer.fit({ batch: 21, epochs: 10 })) steps = step;
  if (steps !== 100) throw new Error(`made ${steps} steps`);
  const state = await trainer.stateDict();
  const paths = Object.keys(state).sort();
  await trainer.dispose();
  return hashOf(paths.map((path) => state[path].data));
}

/** A hash of first values by every kind of initialiser. */
export async function initialsHash(executor: Executor): Promise<string> {
  const initials = [
    init.normal(0.5, 2),
    init.truncatedNormal(),
    init.xavierUniform(),
    init.kaimingNormal({ nonlinearity: "tanh" }),
    init.lecunNormal(),
    init.orthogonal(),
    init.sparse(0.3),
  ];
  const values = initials.map((initial, i) => initial([37, 53], randomKey(3, `${i}`)));
  return hashOf(await evaluateAll(values, { executor }));
}

/** FNV-1a over bytes. */
export function hashOf(arrays: readonly ArrayBufferView[]): string {
  let hash = 0x811c9dc5;
  for (const { buffer, byteOffset, byteLength } of arrays)
    for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
