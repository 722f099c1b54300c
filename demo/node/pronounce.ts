// npm run pronounce: how English words sound, by a transformer from letters to phonemes, which beam search asks for the likeliest.
import { Trainer } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import { crossEntropy } from "simdgrad/nn";
import { adam, chain, clipByGlobalNorm, oneCycle } from "simdgrad/optim";
import { entries, errorsOf, lettersAlone } from "./pronunciations.ts";
import { randomOf, shuffled } from "./random.ts";
import { percent, script } from "./script.ts";
import { Speaker, said } from "./speaker.ts";
import { samplesOf } from "./spelling.ts";

const SHOWN = 5;

await script({
  name: "pronounce",
  about: "How English words of the CMU dictionary sound, without stress, by a transformer with beam search.",
  metric: "phoneme error rate on unseen words",
  options: {
    words: { about: "to learn from at the most", value: "100000" },
    tested: { about: "words that are held out", value: "2000" },
    most: { about: "letters of a word at the most, and phonemes", value: "12" },
    steps: { about: "of the training", value: "4000" },
    batch: { about: "words a step", value: "64" },
    size: { about: "numbers of a letter", value: "128" },
    layers: { about: "of the encoder, and of the decoder", value: "2" },
    beam: { about: "pronunciations of a word that are followed", value: "4" },
  },
  async run({ seed, executor, whole, train, say }) {
    const [steps, batch, most, tested] = [whole("steps"), whole("batch"), whole("most", 2), whole("tested")];
    const all = shuffled(entries(most), randomOf(seed));
    const [unseen, known] = [all.slice(0, tested), all.slice(tested, tested + whole("words"))];
    const alone = lettersAlone(known);
    const words = unseen.map(({ word }) => word);
    const baseline = errorsOf(words.map(alone), unseen);
    say(`${known.length} words to learn from, ${unseen.length} unseen; each letter alone: ${shown(baseline)}`);
    const speaker = new Speaker(whole("size"), whole("layers"));
    const trainer = new Trainer(speaker, {
      loss: crossEntropy,
      optimizer: chain(clipByGlobalNorm(1), adam(oneCycle(1.5e-3, { steps, pctStart: 0.15 }), { beta2: 0.98 })),
      executor,
      seed,
    });
    await trainer.load(samplesOf(known, most));
    const start = performance.now();
    const epochs = Math.ceil((steps * batch) / known.length);
    await train(trainer, { batch, epochs, callbacks: [stopAt({ steps })] }, ({ step, metrics }) => {
      return `step ${step}: ${percent(metrics.accuracy)} of phonemes`;
    });
    const seconds = (performance.now() - start) / 1000;
    const greedy = errorsOf(await said(executor, speaker, words, { most, width: 1 }), unseen);
    say(`the likeliest phoneme after the other: ${shown(greedy)}`);
    const found = await said(executor, speaker, words, { most, width: whole("beam") });
    const searched = errorsOf(found, unseen);
    say(`beam search: ${shown(searched)}, such as`);
    for (const [i, word] of words.slice(0, SHOWN).entries())
      say(`  ${word}: ${found[i].join(" ")} (${unseen[i].sounds.map((sounds) => sounds.join(" ")).join(", ")})`);
    await trainer.dispose();
    const more = { "words wrong": searched.words, greedy: greedy.phonemes, words: known.length, steps };
    return { value: searched.phonemes, baseline: baseline.phonemes, seconds, more };
  },
});

function shown({ phonemes, words }: ReturnType<typeof errorsOf>): string {
  return `${percent(phonemes)} of phonemes wrong, ${percent(words)} of words`;
}
