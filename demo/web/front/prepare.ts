// What the front page runs, made when the site is built. Its network is the same for every visitor, so that no page has to bring the layers,
// the derivatives and the compiler that its programs came from: programs are plain data, and need an executor alone.
import { JsExecutor, type Program, Trainer } from "simdgrad";
import { crossEntropy } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { streamOf } from "../../../src/ops/stream.ts";
import { newModel } from "./model.ts";
import { RATE, SIDE } from "./network.ts";
import { spiral } from "./spiral.ts";

const SEED = 1;

/** Keeps what is loaded. */
class Recorder extends JsExecutor {
  readonly programs: Program[] = [];

  override load(program: Program) {
    this.programs.push(program);
    return super.load(program);
  }
}

/** A module of the programs in the order of their loads, and of the constants of the first one that a seed and a parameter's path name. */
export async function preparedModule(): Promise<string> {
  const executor = new Recorder();
  const trainer = new Trainer(newModel(), { loss: crossEntropy, optimizer: adam(RATE), executor, seed: SEED });
  await trainer.load(spiral(SEED));
  await trainer.fit({ batch: "all", shuffle: false });
  await trainer.predict({ data: new Float32Array(2 * SIDE * SIDE), shape: [SIDE * SIDE, 2] }, { as: "softmax" });
  await executor.dispose();
  const [first, data, step, predict] = executor.programs.map(named);
  return `export const first = ${source(first)};
export const data = ${source(data)};
export const step = ${source(step)};
export const predict = ${source(predict)};
export const keys = ${source(keysOf(first))};
`;
}

/** A program whose variables have their names for keys: those of this run would be others in every build. */
function named(program: Program): Program {
  const names = new Map(program.variables.map(({ key, name }) => [key, name]));
  return {
    ...program,
    variables: program.variables.map((variable) => ({ ...variable, key: variable.name })),
    needs: program.needs?.map((key) => names.get(key) as string),
  };
}

/** Which constants are halves of a parameter's key: index, path, half. */
function keysOf({ constants, variables }: Program): [number, string, number][] {
  return variables
    .filter(({ name }) => /^\d/.test(name))
    .flatMap(({ name }) =>
      streamOf(SEED, name).map((key, half): [number, string, number] => {
        const found = constants.flatMap(({ dtype, data }, i) => (dtype === "i32" && data[0] === key ? [i] : []));
        if (found.length !== 1) throw new Error(`the key of ${name} is ${found.length} constants`);
        return [found[0], name, half];
      }),
    );
}

/** A value as code. */
function source(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `new ${value.constructor.name}([${value}])`;
  if (Array.isArray(value)) return `[${value.map(source).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "undefined";
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${key}: ${source(each)}`)
    .join(", ")} }`;
}
