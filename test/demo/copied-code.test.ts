// The programs that the pages give, in every variant that changes their types: strict TypeScript has nothing to say against them.
/// <reference types="vite/client" />
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { codeOf as backpropagation } from "../../demo/web/backpropagation/code.ts";
import { exercise, hiddenLayer } from "../../demo/web/backpropagation/network.ts";
import { codeOf as benchmark } from "../../demo/web/benchmark/code.ts";
import { codeOf as cartpole, type Sources } from "../../demo/web/cartpole/code.ts";
import { type WayName, ways } from "../../demo/web/cartpole/settings.ts";
import { codeOf as digits } from "../../demo/web/digits/code.ts";
import { Journal } from "../../demo/web/digits/journal.ts";
import { optimizers } from "../../demo/web/digits/model.ts";
import type { Settings } from "../../demo/web/digits/settings.ts";
import { code as front } from "../../demo/web/front/code.ts";
import { type Game, games } from "../../demo/web/imagination/gan.ts";
import { ganCode } from "../../demo/web/imagination/gan-code.ts";
import { vaeCode } from "../../demo/web/imagination/vae-code.ts";
import { code as pictures } from "../../demo/web/pictures/code.ts";
import { codeOf as playground } from "../../demo/web/playground/code.ts";
import { kinds } from "../../demo/web/playground/samples.ts";
import { fields, type Settings as Points } from "../../demo/web/playground/settings.ts";
import { code as text } from "../../demo/web/text/code.ts";
import { code as words } from "../../demo/web/words/code.ts";
import { typeErrors } from "../site/code.ts";

const keysOf = <Name extends string>(table: Readonly<Record<Name, unknown>>) => Object.keys(table) as Name[];

function ofTexts(): string[] {
  return (["gpt", "lstm"] as const).flatMap((network) =>
    [false, true].flatMap((own) => {
      const settings = { network, size: "small", rate: 0.008, seed: 1 } as const;
      const address = "https://example.org/data/moby-dick.txt";
      const source = { own, cut: own };
      const rates = [{ step: 3, rate: 0.001 }];
      return [[], rates].map((rates) => text({ settings, rates, steps: 7 }, source, address));
    }),
  );
}

function ofDigits(): string[] {
  const dense: Settings = {
    kind: "dense",
    hidden: [16],
    activation: "relu",
    dropout: 0.1,
    seed: 7,
    optimizer: "adam",
    learningRate: 0.003,
    batch: 512,
    epochs: 1,
    amount: "10000",
    shift: 2,
    weightDecay: 0.001,
    place: "page",
    build: "portable",
  };
  const long = new Journal();
  long.begin(dense, { file: "digits.safetensors" });
  long.made(2, { every: 1, drawings: 0 });
  long.draw({ image: new Uint8Array(784), digit: 3 });
  long.made(2, { every: 8, drawings: 1 });
  let before = dense;
  for (const optimizer of keysOf(optimizers)) {
    const next = { ...before, optimizer, batch: 256, place: "js" } as const;
    long.settings(next, before);
    long.rate(0.01);
    long.made(1, { every: 1, drawings: 1 });
    before = next;
  }
  const filters = { ...dense, kind: "convolutional" } as const;
  return [digits(new Journal(), dense, 3), digits(new Journal(), filters, 3), digits(long, dense, 0)];
}

function ofPoints(): string[] {
  const usual = Object.fromEntries(keysOf(fields).map((name) => [name, fields[name].fallback])) as unknown as Points;
  const source = readFileSync(new URL("../../demo/web/playground/sets.ts", import.meta.url), "utf8");
  const sets = keysOf(kinds).filter((data) => data !== "own");
  const whole = { features: ["x", "y", "xx", "yy", "xy", "sx", "sy"], penalty: "l1", activation: "none" } as const;
  const changes = [
    { step: 2, set: { rate: 0.1 } },
    { step: 3, set: { noise: 0, activation: "relu", penalty: "l2", optimizer: "momentum" } },
    { step: 4, set: {}, weight: { path: "0.weight", index: 1, value: 0.5 } },
  ] as never;
  return [
    ...sets.map((data) => playground({ first: { ...usual, data }, changes: [], steps: 5 }, source)),
    playground({ first: { ...usual, ...whole }, changes, steps: 9 }, source),
    playground({ first: { ...usual, hidden: [] }, changes, steps: 9 }, source),
  ];
}

function ofCarts(): string[] {
  const read = (name: string) => readFileSync(new URL(`../../demo/node/${name}.ts`, import.meta.url), "utf8");
  const part = (name: string) => read(`reinforcement/${name}`);
  const sources: Sources = {
    shared: [
      ...["environment", "cartpole"].map((name) => read(`environments/${name}`)),
      ...["networks", "agent", "cartpole-agents", "episodes", "returns", "replay"].map(part),
    ],
    reinforce: [part("reinforce")],
    ppo: [part("ppo")],
    dqn: [part("dqn")],
  };
  return keysOf<WayName>(ways).map((way) => cartpole({ way, seed: 3, length: 1, gravity: 9.8, force: 10 }, 5, sources));
}

function ofGames(): string[] {
  const points = [[0.5, -0.5]] as const;
  return keysOf<Game>(games).flatMap((game) =>
    (["ring", "spiral", "own"] as const).map((data) => ganCode({ data, game, points, seed: 1 }, 5)),
  );
}

const taught = { settings: { rate: 0.01, steps: 9, seed: 1 }, names: ["one", "two"], steps: 9 };

test.each([
  ["back-propagation", () => [exercise, hiddenLayer].map((setup) => backpropagation({ ...setup, bias: true }, 3))],
  ["benchmark", () => [1, 7].map((rounds) => benchmark(["dense", "cnn", "tiny"], rounds))],
  ["cart and pole", ofCarts],
  ["digits", ofDigits],
  ["front", () => [front(1, 5)]],
  ["imagination", () => [vaeCode(1, 5), ...ofGames()]],
  ["pictures", () => [pictures(taught, undefined), pictures(taught, 64)]],
  ["playground", ofPoints],
  ["text", ofTexts],
  ["words", () => [words(taught)]],
])(
  "the page's programs are strict TypeScript: %s",
  async (_, programs) => {
    expect(await typeErrors(programs())).toBe("");
  },
  60_000,
);

test("a program whose types do not fit is told of", async () => {
  expect(await typeErrors(["class Block {}\nnew Block(64);\n"])).toContain("TS2554");
}, 60_000);
