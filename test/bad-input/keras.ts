// What simdgrad/keras exports, with right arguments.
import { compileInit, JsExecutor, type Tensor } from "../../src/index.ts";
import * as keras from "../../src/keras/index.ts";
import { Linear, variables } from "../../src/nn/index.ts";
import { bytesOf, caseOf } from "../keras/cases.ts";
import { keras as files } from "../keras/files.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const dense = caseOf("dense");
const sizes = ["batch", 2] as const;
const line = new Linear(2, 2);
const executor = new JsExecutor();
await executor.run([[await executor.load(compileInit(variables(line), 0)), 1]]).done;

const layers = a.also(a.instance({ Scale: () => (x: Tensor) => x.mul(2) }), [
  "an object without a prototype",
  "of no class",
]);

export const kerasCalls: Readonly<Record<string, Call>> = {
  fromKeras: call(keras.fromKeras, a.instance(bytesOf(files[0].file)), a.options({ layers })),
  fromTensorFlowJs: call(
    keras.fromTensorFlowJs,
    a.record({ model: a.instance(dense.model), weights: a.instance(bytesOf(dense.weights)) }),
    a.options({ layers }),
  ),
  toTensorFlowJs: call(
    keras.toTensorFlowJs,
    a.layer(line),
    a.record({ input: a.instance(sizes) }),
    a.options({
      state: a.instance({
        weight: [
          [1, 2],
          [3, 4],
        ],
        bias: [0, 0],
      }),
      executor: a.instance(executor),
      channelsLast: a.flag(true),
    }),
  ),
};
