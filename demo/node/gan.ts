// npm run gan: two networks that make digits out of noise: DCGAN (Radford, Metz and Chintala 2015) and WGAN-GP, whose penalty is a gradient
// of a gradient through convolutions (Gulrajani et al. 2017). A classifier that never saw them judges what they make.
import {
  compile,
  compileInit,
  foldIn,
  grad,
  input,
  normal,
  randomKey,
  stopGradient,
  type Tensor,
  Trainer,
  uniform,
  type WasmExecutor,
} from "simdgrad";
import {
  BatchNorm1d,
  BatchNorm2d,
  binaryCrossEntropyWithLogits,
  type Context,
  Conv2d,
  ConvTranspose2d,
  crossEntropy,
  Flatten,
  forward,
  type Layer,
  Linear,
  leakyRelu,
  MaxPool2d,
  parameters,
  relu,
  Sequential,
  tanh,
  trainingContext,
  variables,
} from "simdgrad/nn";
import { adam, cosineDecay, ema } from "simdgrad/optim";
import { type Images, mnist } from "./image-sets.ts";
import { writeSheet } from "./picture.ts";
import type { Progress } from "./progress.ts";
import { percent, script } from "./script.ts";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** Numbers of noise that an image is made of. */
const NOISE = 64;
/** Of the dense layers. */
const HIDDEN = 256;
const JUDGED = 1000;
/** At the start. The generator of DCGAN is the faster one (as in Chen et al., "InfoGAN", 2016). */
const RATES = { DCGAN: { critic: 2e-4, generator: 1e-3 }, "WGAN-GP": { critic: 1e-3, generator: 1e-3 } };
/** Of `--steps`: without norms in the critic it takes longer. */
const TIMES = { DCGAN: 1, "WGAN-GP": 2 };
/** How much of the mean generator stays at a step. */
const DECAY = 0.998;

type Kind = "DCGAN" | "WGAN-GP";

/** From noise to images of -1 to 1. */
export function generatorOf(): Sequential {
  return new Sequential(
    new Linear(NOISE, HIDDEN),
    new BatchNorm1d(HIDDEN),
    relu,
    new Linear(HIDDEN, 64 * 49),
    (x: Tensor) => x.reshape([-1, 64, 7, 7]),
    new BatchNorm2d(64),
    relu,
    new ConvTranspose2d(64, 32, 4, { stride: 2, padding: 1 }),
    new BatchNorm2d(32),
    relu,
    new ConvTranspose2d(32, 1, 4, { stride: 2, padding: 1 }),
    tanh,
  );
}

/** From images to one number each. Norms of batches would mix the images whose gradients WGAN-GP bounds. */
export function criticOf(kind: Kind): Sequential {
  const slope = (x: Tensor) => leakyRelu(x, 0.2);
  const norm = (layer: Layer): Layer[] => (kind === "DCGAN" ? [layer] : []);
  return new Sequential(
    new Conv2d(1, 32, 4, { stride: 2, padding: 1 }),
    slope,
    new Conv2d(32, 64, 4, { stride: 2, padding: 1 }),
    ...norm(new BatchNorm2d(64)),
    slope,
    new Flatten(),
    // Without it an image would be as good as the sum of its parts.
    new Linear(64 * 49, HIDDEN),
    ...norm(new BatchNorm1d(HIDDEN)),
    slope,
    new Linear(HIDDEN, 1),
  );
}

/** What the critic and the generator want to be small. */
function lossesOf(kind: Kind, critic: Layer, real: Tensor, made: Tensor, context: Context, key: Tensor[]) {
  const judged = (x: Tensor) => forward(critic, x, context);
  const fixed = stopGradient(made);
  if (kind === "DCGAN") {
    const says = (x: Tensor, value: number) => {
      const logits = judged(x);
      return binaryCrossEntropyWithLogits(logits, logits.like(value));
    };
    return { wrong: says(real, 0.9).add(says(fixed, 0)), fooled: says(made, 1) };
  }
  // The slope of the critic between real and made images is to be 1.
  const share = uniform(key as never, [real.shape[0], 1, 1, 1]);
  const between = fixed.add(share.mul(real.sub(fixed)));
  const [slope] = grad(judged(between).sum(), [between]);
  const penalty = slope.flatten(1).norm(-1).sub(1).square().mean().mul(10);
  return { wrong: judged(fixed).mean().sub(judged(real).mean()).add(penalty), fooled: judged(made).mean().neg() };
}

interface Options {
  readonly kind: Kind;
  readonly steps: number;
  readonly batch: number;
  readonly seed: number;
  readonly executor: WasmExecutor;
  readonly progress: Progress;
}

/** Trains both, and gives images that the generator then makes. */
async function imagesOf(
  { kind, steps, batch, seed, executor, progress }: Options,
  { x, y }: Images,
): Promise<Float32Array> {
  const [generator, critic] = [generatorOf(), criticOf(kind)];
  const often = kind === "DCGAN" ? 1 : 2;
  const optimizerOf = (rate: number, turns: number) =>
    adam(cosineDecay(rate, { steps: turns }), kind === "DCGAN" ? { beta1: 0.5 } : { beta1: 0, beta2: 0.9 });
  // The two circle around one another: the mean of the generators on the way makes better images than the last one.
  const optimizers = {
    critic: optimizerOf(RATES[kind].critic, often * steps),
    generator: ema(optimizerOf(RATES[kind].generator, steps), { decay: DECAY }),
  };
  const programOf = (turn: "critic" | "generator") => {
    const optimizer = optimizers[turn];
    const trained = [...parameters(turn === "critic" ? critic : generator).values()];
    const state = optimizer.init(trained);
    const assignments: [never, Tensor][] = [];
    const context = trainingContext(seed, state.step, assignments as never);
    const real = input([batch, 1, SIDE, SIDE], "u8", "real");
    const key = (name: string) => foldIn(randomKey(seed, `${turn} ${name}`), state.step);
    const made = generator.forward(normal(key("noise"), [batch, NOISE]), context);
    const scaled = real
      .cast("f32")
      .mul(2 / 255)
      .sub(1);
    const { wrong, fooled } = lossesOf(kind, critic, scaled, made, context, key("share") as never);
    const loss = turn === "critic" ? wrong : fooled;
    const updates = optimizer.update(grad(loss, trained), state, trained);
    const own = new Set(variables(turn === "critic" ? critic : generator).values());
    // Statistics of the other network are left to its own turn.
    const kept = assignments.filter(([variable]) => own.has(variable));
    const inputs: Record<string, Tensor> = turn === "critic" ? { real } : {};
    const averaged = (optimizer.averages?.(state, trained) ?? []).flatMap(({ values }) => [...values]);
    return { program: compile({ inputs, outputs: { loss }, assignments: [...updates, ...kept] }), state, averaged };
  };
  const turns = { critic: programOf("critic"), generator: programOf("generator") };
  const all = variables({ generator, critic, a: turns.critic.state, b: turns.generator.state });
  const start = await executor.load(compileInit(all, seed));
  await executor.run([[start, 1]]).done;
  const [criticTurn, generatorTurn] = [
    await executor.load(turns.critic.program),
    await executor.load(turns.generator.program),
  ];
  const rows = y.shape[0];
  let at = 0;
  const next = () => {
    if (at + batch > rows) at = 0;
    at += batch;
    return (x.data as Uint8Array).subarray((at - batch) * PIXELS, at * PIXELS);
  };
  const began = performance.now();
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < often; i++) {
      await executor.write({ program: criticTurn, name: "real" }, next());
      await executor.run([[criticTurn, 1]]).done;
    }
    await executor.run([[generatorTurn, 1]]).done;
    if (step % 20 === 0) {
      const [wrong] = await executor.read({ program: criticTurn, name: "loss" });
      const [fooled] = await executor.read({ program: generatorTurn, name: "loss" });
      const seconds = (performance.now() - began) / 1000;
      progress.draw(
        step / steps,
        `${kind}: critic ${wrong.toFixed(3)}  generator ${fooled.toFixed(3)}  ${seconds.toFixed(0)} s`,
      );
    }
  }
  const settled = await executor.load(compile({ assignments: turns.generator.averaged }));
  await executor.run([[settled, 1]]).done;
  const made = generator.forward(
    normal(randomKey(seed, "judged"), [JUDGED, NOISE]),
    trainingContext(seed, input([], "i32")),
  );
  const judged = await executor.load(compile({ outputs: { made: made.add(1).mul(0.5) } }));
  await executor.run([[judged, 1]]).done;
  const images = Float32Array.from(await executor.read({ program: judged, name: "made" }));
  for (const program of [start, criticTurn, generatorTurn, settled, judged]) await executor.unload(program);
  return images;
}

/** A classifier of digits, trained on real ones. */
async function classifierOf(executor: WasmExecutor, digits: Images, seed: number): Promise<Trainer> {
  const network = new Sequential(
    new Conv2d(1, 16, 5, { padding: 2 }),
    relu,
    new MaxPool2d(2),
    new Conv2d(16, 32, 5),
    relu,
    new MaxPool2d(2),
    new Flatten(),
    new Linear(32 * 25, 128),
    relu,
    new Linear(128, 10),
  );
  const trainer = new Trainer(network, { loss: crossEntropy, optimizer: adam(1e-3), executor, seed });
  await trainer.load({
    x: { data: Float32Array.from(digits.x.data, (value) => value / 255), shape: digits.x.shape },
    y: digits.y,
  });
  return trainer;
}

await script({
  name: "gan",
  about: "Digits out of noise, by DCGAN and by WGAN-GP, judged by a classifier that never saw them.",
  metric: "digits of ten that are made with confidence",
  options: {
    steps: { about: "of the generator of DCGAN; that of WGAN-GP takes twice as many", value: "2500" },
    batch: { about: "images a step", value: "64" },
    kind: { about: "DCGAN, WGAN-GP or both", value: "both" },
  },
  async run({ seed, executor, options, whole, train, say, file, progress }) {
    const kinds: readonly Kind[] = options.kind === "both" ? ["DCGAN", "WGAN-GP"] : [options.kind as Kind];
    const { train: digits, test } = await mnist();
    const classifier = await classifierOf(executor, digits, seed);
    await train(classifier, { batch: 128, epochs: 2 }, () => "classifier");
    const { accuracy } = await classifier.evaluate({
      x: { data: Float32Array.from(test.x.data, (value) => value / 255), shape: test.x.shape },
      y: test.y,
    });
    say(`classifier: ${percent(accuracy)} of real digits`);
    const more: Record<string, number> = {};
    const results: { readonly kinds: number; readonly confidence: number }[] = [];
    for (const kind of kinds) {
      const images = await imagesOf(
        { kind, steps: TIMES[kind] * whole("steps"), batch: whole("batch"), seed, executor, progress },
        digits,
      );
      const { data } = await classifier.predict({ data: images, shape: [JUDGED, 1, SIDE, SIDE] }, { as: "softmax" });
      const counts = new Array<number>(10).fill(0);
      let confidence = 0;
      for (let row = 0; row < JUDGED; row++) {
        const shares = Array.from(data.slice(10 * row, 10 * row + 10), Number);
        const most = Math.max(...shares);
        confidence += most / JUDGED;
        if (most >= 0.9) counts[shares.indexOf(most)]++;
      }
      const made = counts.filter((count) => count >= 0.02 * JUDGED).length;
      const path = await file(`${kind.toLowerCase()}.png`);
      const rows = Array.from({ length: 8 }, (_, r) =>
        Array.from({ length: 16 }, (_, c) => images.subarray((16 * r + c) * PIXELS, (16 * r + c + 1) * PIXELS)),
      );
      await writeSheet(path, { rows, width: SIDE, height: SIDE, channels: 1 });
      say(`${kind}: ${counts.join(" ")} with confidence, ${confidence.toFixed(3)} in the mean: ${path}`);
      results.push({ kinds: made, confidence });
      more[`${kind} confidence`] = confidence;
    }
    await classifier.dispose();
    return { value: Math.min(...results.map((each) => each.kinds)), more };
  },
});
