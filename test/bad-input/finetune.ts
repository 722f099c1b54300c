// What simdgrad/finetune exports, with right arguments: each call gets a model of its own, which it may change.
import * as finetune from "../../src/finetune/index.ts";
import { Linear, relu, Sequential } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const network = () => new Sequential(new Linear(2, 2), relu, new Linear(2, 2));
const model = (value: object = network()) => a.instance(value);
const path = { path: a.text("2") };
const state = { "0.lora_A.weight": 1, "0.lora_B.weight": 1, "2.lora_A.weight": 1, "2.lora_B.weight": 1 };
const adapted = finetune.lora(network(), { rank: 1 });

/** The model is made anew for each call; another one that is given passes on. */
function anew<T>(run: (model: object, ...rest: never[]) => T): Call["run"] {
  return (given: object, ...rest: never[]) => run(given === stand ? network() : given, ...rest);
}
const stand = network();

export const finetuneCalls: Readonly<Record<string, Call>> = {
  Features: call((given: never, options: never) => new finetune.Features(given, options), model(), a.options(path)),
  Frozen: call((given: never) => new finetune.Frozen(given), a.layer(network())),
  layerwiseDecay: call(
    finetune.layerwiseDecay,
    model(),
    a.instance((rate: number) => sgd(rate)),
    a.options({ rate: a.positive(0.1), decay: a.positive(0.5), layers: a.list(["0", "2"]) }, ["rate", "decay"]),
  ),
  lora: call(
    anew((given, options: never) => finetune.lora(given, options)),
    model(stand),
    a.options(
      {
        rank: a.whole(2),
        alpha: a.positive(4),
        layers: a.also(a.list(["0"]), ["a function", "it chooses layers"]),
        attention: a.list(["query"]),
      },
      ["rank"],
    ),
  ),
  loraState: call(finetune.loraState, model(adapted), a.instance(state)),
  mergeLora: call(
    (given: object) => finetune.mergeLora(given === stand ? finetune.lora(network(), { rank: 1 }) : given),
    model(stand),
  ),
  replaceHead: call(
    anew((given, head: never, options: never) => finetune.replaceHead(given, head, options)),
    model(stand),
    a.instance(new Linear(2, 3)),
    a.options(path),
  ),
  replaceLayer: call(
    anew((given, at: never, layer: never) => finetune.replaceLayer(given, at, layer)),
    model(stand),
    a.also(a.text("2"), ["word", "no path"]),
    a.instance(new Linear(2, 3)),
  ),
};
