// What simdgrad/torch exports, with right arguments.
import { JsExecutor } from "../../src/index.ts";
import { Linear, parameters, Sequential, tanh } from "../../src/nn/index.ts";
import * as torch from "../../src/torch/index.ts";
import { bytesOf, golden } from "../torch/files.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const model = new Sequential(new Linear(3, 4), tanh, new Linear(4, 2));
const file = bytesOf(golden.trainings.adam.bytes);

export const torchCalls: Readonly<Record<string, Call>> = {
  fromTorchOptimizer: call(
    torch.fromTorchOptimizer,
    a.word("adam"),
    a.instance(file),
    a.options({
      key: a.word("optimizer_state_dict"),
      learningRate: a.schedule(0.1),
      step: a.whole(3),
      model: a.instance(model),
      names: a.beside(a.list([...parameters(model).keys()]), { model }),
    }),
  ),
  readTorch: call(torch.readTorch, a.instance(file)),
  toPytorch: call(
    torch.toPytorch,
    a.layer(new Linear(2, 1)),
    a.options({ input: a.shape(["batch", 2]), inputNames: a.list(["x"]), outputNames: a.list(["y"]) }, ["input"]),
    a.options({ state: a.instance({ weight: [[1, 2]], bias: [3] }), executor: a.instance(new JsExecutor()) }),
  ),
  torchStateDict: call(torch.torchStateDict, a.instance(file), a.options({ key: a.word("model_state_dict") })),
};
