// What simdgrad/generate exports, with right arguments.

import { constant, input } from "../../src/create.ts";
import * as written from "../../src/generate/index.ts";
import { JsExecutor } from "../../src/index.ts";
import { Embedding } from "../../src/nn/index.ts";
import type { Tensor } from "../../src/tensor.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

/** A model that knows what follows a token, whatever it reads. */
class Chain {
  table = new Embedding(3, 3);

  encode(source: Tensor): Tensor {
    return source;
  }

  forward({ tokens }: { readonly tokens: Tensor }): Tensor {
    return this.table.forward(tokens);
  }
}

const order = {
  prompt: a.list([[0, 1]]),
  maxNewTokens: a.whole(2),
  sample: a.flag(true),
  temperature: a.positive(0.5),
  topK: a.whole(2),
  topP: a.positive(0.5),
  seed: a.beside(a.seed(1), { sample: true }),
  endToken: a.whole(1),
  beams: a.whole(2),
  lengthPenalty: a.beside(a.finite(2), { beams: 2 }),
  source: a.also(a.instance([[1]]), ["data and shape", "a row"]),
  onTokens: a.callback(() => undefined),
};
const made = {
  executor: a.instance(new JsExecutor()),
  state: a.instance({
    "table.weight": [
      [1, 2, 3],
      [3, 2, 1],
      [2, 1, 3],
    ],
  }),
};
const required = ["prompt", "maxNewTokens", "source"];
const tokens = constant([[[[1, 2]]]]);

export const generateCalls: Readonly<Record<string, Call>> = {
  KeyValueCache: call((capacity: never) => new written.KeyValueCache(capacity), a.whole(4)),
  TokenGenerator: call(
    async (model: never, options: never) => {
      const generator = new written.TokenGenerator(model, options);
      await generator.generate({ prompt: [[0]], maxNewTokens: 1, source: [[1]] });
    },
    a.instance(new Chain()),
    a.options({ capacity: a.whole(4), ...made }),
  ),
  generate: call(written.generate, a.instance(new Chain()), a.options({ ...order, ...made }, required)),
};

export const generatorCalls: Readonly<Record<string, Call>> = {
  generate: call(
    async (options: never) => {
      const generator = new written.TokenGenerator(new Chain(), { executor: new JsExecutor(), capacity: 8 });
      await generator.generate(options);
    },
    a.options(order, required),
  ),
};

export const cacheCalls: Readonly<Record<string, Call>> = {
  variables: call(() => new written.KeyValueCache(4).variables()),
  append: call(
    (keys: never, values: never) => new written.KeyValueCache(4).append(keys, values),
    a.tensor(tokens),
    a.tensor(tokens),
  ),
  once: call(
    (make: never) => new written.KeyValueCache(4).once(make),
    a.instance(() => [tokens]),
  ),
  reorder: call((rows: never) => new written.KeyValueCache(4).reorder(rows), a.tensor(input([1], "i32"))),
  assignments: call((what: never) => new written.KeyValueCache(4).assignments(what), a.optional(a.word("once"))),
};
