// What members of the tests' runs train: two spirals.
import { Trainer, WasmExecutor } from "../../src/index.ts";
import { crossEntropy, Linear, Sequential, tanh } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";

const ROWS = 300;
const y = Array.from({ length: ROWS }, (_, i) => i % 2);
const x = y.map((side, i) => {
  const [radius, angle] = [i / ROWS, (9 * i) / ROWS + Math.PI * side];
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
});
export const data = { x, y };

export function trainer(seed: number, units = 16): Trainer {
  const model = new Sequential(new Linear(2, units), tanh, new Linear(units, units), tanh, new Linear(units, 2));
  return new Trainer(model, {
    loss: crossEntropy,
    optimizer: adam(0.01),
    executor: new WasmExecutor({ threads: 1 }),
    seed,
  });
}
