// npm run spoken-digits -- --data DIR: digits that are spoken, one by one by a convolutional network, also of a speaker whom it never heard, and
// in strings by one that is trained by CTC (Graves et al. 2006), which is not told where one digit ends and the next begins.
import { type Tensor, Trainer, type WasmExecutor } from "simdgrad";
import { crossEntropy, ctcGreedyDecode, ctcLoss } from "simdgrad/nn";
import { adamW, chain, clipByGlobalNorm, oneCycle } from "simdgrad/optim";
import { randomOf } from "./random.ts";
import { percent, script } from "./script.ts";
import { type Clip, isTest, readClips } from "./spoken-clips.ts";
import { DigitNetwork, STRIDE, StringNetwork } from "./spoken-networks.ts";
import {
  digitSamples,
  drawnDigits,
  drawnString,
  drawnStrings,
  STRING_FRAMES,
  stringSamples,
} from "./spoken-samples.ts";

await script({
  name: "spoken-digits",
  about: "x",
  metric: "accuracy",
  options: {
    epochs: { about: "passes over the clips", value: "30" },
    batch: { about: "clips a step", value: "32" },
    strings: { about: "strings", value: "3000" },
    passes: { about: "passes", value: "6" },
    parts: { about: "", value: "digits" },
    speaker: { about: "", value: "theo" },
    data: { about: "folder of WAV files", value: "" },
  },
  async run({ seed, executor, options, whole, train, say }) {
    const clips = await readClips(options.data);
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    async function digits(known: Clip[], test: Clip[]) {
      const trainer = new Trainer(new DigitNetwork(), {
        loss: crossEntropy,
        optimizer: adamW(oneCycle(4e-3, { steps: epochs * Math.ceil(known.length / batch) }), { weightDecay: 1e-2 }),
        executor,
        seed,
      });
      const t = digitSamples(test);
      await train(
        trainer,
        {
          data: (pass: number) => drawnDigits(known, batch, randomOf(1000003 * seed + pass)),
          batch,
          epochs,
          validation: t,
        },
        (r) => `${r.validation?.accuracy}`,
      );
      return trainer.evaluate(t);
    }
    let value = 0;
    if (options.parts.includes("digits")) {
      const r = await digits(
        clips.filter((c) => !isTest(c)),
        clips.filter(isTest),
      );
      say(`digits ${JSON.stringify(r)}`);
      value = r.accuracy;
    }
    if (options.parts.includes("speaker")) {
      const r = await digits(
        clips.filter((c) => c.speaker !== options.speaker),
        clips.filter((c) => c.speaker === options.speaker),
      );
      say(`speaker ${JSON.stringify(r)}`);
    }
    if (options.parts.includes("strings")) {
      const [passes, count] = [whole("passes"), whole("strings")];
      const known = clips.filter((c) => !isTest(c));
      type Target = { readonly labels: Tensor; readonly lengths: Tensor };
      const trainer = new Trainer(new StringNetwork(), {
        loss: (heard: Tensor, y: Target) =>
          ctcLoss(heard, y.labels, STRING_FRAMES / STRIDE, y.lengths, { batchFirst: true }),
        optimizer: chain(
          clipByGlobalNorm(1),
          adamW(oneCycle(4e-3, { steps: passes * Math.ceil(count / batch) }), { weightDecay: 1e-2 }),
        ),
        executor,
        seed,
      });
      const random = randomOf(99);
      const test = Array.from({ length: 300 }, () => drawnString(clips.filter(isTest), random));
      const samples = stringSamples(test);
      await train(
        trainer,
        {
          data: (pass: number) => drawnStrings(known, count, batch, randomOf(1000003 * seed + pass)),
          batch,
          epochs: passes,
          validation: samples,
        },
        (r) => `${r.validation?.loss}`,
      );
      const heard = await trainer.predict(samples.x);
      const said = ctcGreedyDecode(heard.data, heard.shape, { batchFirst: true });
      const wrong = said.filter(({ labels }, i) => labels.map((l) => l - 1).join() !== test[i].digits.join()).length;
      say(`strings wrong ${percent(wrong / test.length)}`);
    }
    return { value };
  },
});
