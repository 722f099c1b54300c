// Names from outside in model.py: whatever they are, Python reads them as names, and nothing of them runs.
import { execFileSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type Tensor, Variable } from "../../../src/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { fromOnnx, toOnnx } from "../../../src/onnx/index.ts";
import { toPytorch } from "../../../src/torch/index.ts";
import type { Case } from "../../onnx/export/compare.ts";
import { differences, exported, type Wanted } from "./compare.ts";
import { missing, PYTHON, ranByTorch } from "./python.ts";

const OWNED = "build/names-owned";
const CODE = `open("${OWNED}", "w")`;
const NAMES: readonly string[] = [
  `n"""\n${CODE}\n"""`,
  `n'''\n${CODE}\n'''`,
  `n"\n${CODE}`,
  `n\r${CODE}`,
  `n\u2028${CODE}`,
  `n\\"""\n${CODE}\n\\`,
  `"]\n${CODE}\n["`,
  `"]; ${CODE}; self["`,
  `", nn.Linear(1, 1)); ${CODE}; place(self, "`,
  `{${CODE}}`,
  `%s {0} {x!r}`,
  "w.reshape(2",
  "a(",
  "b)",
  "c[",
  "d]",
  "e, f",
  "\0",
  "\x7f",
  "\u202e",
  "é🙂",
  "\ud800",
  "ends\\",
  "#",
  "",
];

/** Parts by the names that a model has for them: each multiplies, adds, or is a layer of torch's. */
class Parts implements nn.Module {
  readonly parts: Readonly<Record<string, { readonly layer: nn.Linear; readonly slope: Variable; shift: Variable }>>;

  constructor(names: readonly string[], path = (name: string) => name) {
    const make = (name: string, i: number) => {
      const shift = new Variable([3], [0.1, 0.2 * i, -0.1], { label: name });
      return [path(name), { layer: new nn.Linear(3, 3), slope: new Variable([3], [1, 1.1, 0.9]), shift }] as const;
    };
    this.parts = Object.fromEntries(names.map(make));
  }

  forward(x: Tensor): Tensor {
    let y = x;
    for (const { layer, slope, shift } of Object.values(this.parts))
      y = y.add(shift).mul(slope.add(shift)).tanh().add(layer.forward(y).tanh());
    return y;
  }
}

/** A sum of inputs, of which the last ones weigh more. */
const weighed = (inputs: readonly Tensor[]) =>
  inputs.reduce((sum, one, i) => sum.add(one.mul(i + 2).tanh()), inputs[0]).reshape([-1, 3]);

/** Names that a layer's class may have. */
function titled(name: string): nn.Module {
  class Model extends Parts {}
  Object.defineProperty(Model, "name", { value: name });
  return new Model(["a"]);
}

/** Names of Python's, of torch's, and of what model.py is made of. */
const MEANT = (
  "lambda class self torch nn F batch device math os json float len range tuple super load Model forward predict place rows " +
  "__debug__ __x _Model__x _ __ é ü match targets inputs constants HERE linear add tanh None"
).split(" ");

const LOOKED = ["__debug__", "targets", "_", "batch", "tuple"];

const inputs = (names: readonly string[]): Case => ({
  model: weighed as never,
  signature: { input: names.map(() => ["batch", 3]), inputNames: names },
});

describe.skipIf(missing)(`names from outside${missing ? `: ${missing}` : ""}`, () => {
  const wanted = new Map<string, Wanted>();
  const errors = new Map<string, string | undefined>();
  const one = (model: unknown, size = "batch"): Case => ({ model: model as never, signature: { input: [size, 3] } });
  const attributes = JSON.parse(
    execFileSync(PYTHON, ["-c", "import json, torch; print(json.dumps(dir(torch.nn.LSTM(1, 1))))"], {
      encoding: "utf8",
    }),
  ).filter((name: string) => !["forward", "children", "training"].includes(name)) as string[];

  const sound = NAMES.filter((name) => name !== "");
  const cases: Readonly<Record<string, () => Case | Promise<Case>>> = {
    "of fields": () => one(new Parts(NAMES)),
    "of fields in fields": () => one(new Parts(NAMES, (name) => `${name}.${name}.x`)),
    "of attributes of torch's modules": () => one(new Parts(attributes)),
    "of fields beside those of a layer": () => {
      const a = Object.assign(new nn.Linear(3, 3), { inner: new nn.Linear(3, 3) });
      const parts = { "a.b": new nn.Linear(3, 3), a, "a.inner.c": new Variable([3], [1, 2, 3]) };
      const forward = (x: Tensor) =>
        parts["a.b"].forward(a.forward(a.inner.forward(x))).mul(parts["a.inner.c"]) as Tensor;
      return one(Object.assign({ forward }, parts));
    },
    "of inputs": () => inputs(sound),
    "of inputs that mean something": () => inputs(MEANT),
    "of an ONNX file": async () => {
      const bytes = await toOnnx(new Parts(sound) as never, {
        input: [sound[0], 3],
        inputNames: [sound[0]],
        outputNames: [sound[1]],
      });
      return { model: fromOnnx(bytes) as never, signature: { input: { [sound[0]]: [sound[0], 3] } } };
    },
    ...Object.fromEntries(sound.map((name, i) => [`of size ${i}`, () => one(new Parts(["a"]), name)])),
    ...Object.fromEntries(NAMES.map((name, i) => [`of class ${i}`, () => one(titled(name))])),
  };

  beforeAll(async () => {
    rmSync(OWNED, { force: true });
    for (const [name, make] of Object.entries(cases))
      wanted.set(name, await exported(`names ${name}`, await make(), { batches: [2], trains: true }));
    const folders = [...wanted.values()].map(({ folder }) => folder);
    for (const { folder, error } of ranByTorch<{ folder: string; error?: string }>("run.py", folders))
      errors.set(folder, error);
  }, 120_000);

  test.each(Object.keys(cases))("%s do the same, and nothing of them runs", (name) => {
    const own = wanted.get(name) as Wanted;
    expect(errors.get(own.folder)).toBeUndefined();
    expect(differences(own, 1e-5)).toEqual([]);
    expect(existsSync(OWNED)).toBe(false);
  });

  test.each(sound)("%j in what cannot train is told there", async (name) => {
    const hidden = new Variable([3], [1, 2, 3], { label: name });
    const forward = (x: Tensor, context: nn.Context) => (context.training ? x.mul(hidden) : x);
    const { "model.py": text } = await toPytorch({ forward } as never, { input: ["batch", 3] });
    const script = `
import ast, json, sys
(told,) = [each for each in ast.walk(ast.parse(sys.stdin.buffer.read())) if isinstance(each, ast.Raise)]
print(json.dumps(told.exc.args[0].value))`;
    const told = JSON.parse(execFileSync(PYTHON, ["-c", script], { input: text, encoding: "utf8" }));
    expect(told).toContain(`toPytorch: ${name} [3] is no input and in no field of the model`);
  });
});

describe("names that cannot be", () => {
  const refused = (fields: object, words: RegExp | string) =>
    expect(
      toPytorch(Object.assign({ forward: (x: Tensor) => x }, fields) as never, { input: ["batch", 3] }),
    ).rejects.toThrow(words);

  test("are refused in words", async () => {
    await refused(
      { training: new nn.Linear(3, 3) },
      "training.weight has a name in its path that each module of torch's has itself",
    );
    await refused({ a: { training: new Variable([3], 1) } }, "a.training has a name in its path");
    await refused(
      { "a.b": new nn.Linear(3, 3), a: { b: new nn.Linear(3, 3) } },
      'two parts of the model have the path a.b, as a field "a.b" and a field "b" in "a" have: give one of them another name',
    );
  });

  test("of inputs are others, which the file tells", async () => {
    const { "model.py": text } = await toPytorch(weighed as never, inputs(LOOKED).signature);
    expect(text).toContain('inputs = ["_debug__","targets_","x","batch_","tuple_"]');
    expect(text).toContain("shapes = [(None, 3), (None, 3), (None, 3), (None, 3), (None, 3)]");
  });
});
