// The scripts that learn sequences: what they learn from, what they compare themselves with, and a short run of each.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Trainer, WasmExecutor } from "simdgrad";
import { crossEntropy } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Adder, answers, KINDS, type Kind } from "../../demo/node/adder.ts";
import { ANSWER, nearestShare, rowOf, SYMBOLS, shareExact, sums, textOf } from "../../demo/node/addition.ts";
import { beamSearch } from "../../demo/node/beam-search.ts";
import { loadBrown, sentencesOf, simpleTag, TAGS } from "../../demo/node/brown.ts";
import { svgOf } from "../../demo/node/chart.ts";
import { editDistance } from "../../demo/node/edit-distance.ts";
import {
  autoregression,
  daysBetween,
  errorOf,
  FEATURES,
  Forecaster,
  lastYears,
  WINDOW,
  yesterdays,
} from "../../demo/node/forecasting.ts";
import { leastSquares } from "../../demo/node/linear.ts";
import { type Entry, entries, errorsOf, lettersAlone } from "../../demo/node/pronunciations.ts";
import { randomOf, shuffled } from "../../demo/node/random.ts";
import { Speaker, said } from "../../demo/node/speaker.ts";
import { END, PHONEMES, samplesOf } from "../../demo/node/spelling.ts";
import { LENGTH, mostFrequentTags, Numbering, shareRight } from "../../demo/node/tagging.ts";
import { loadWeather, type Weather } from "../../demo/node/weather.ts";
import { outcomeOf } from "./short-run.ts";

test("random numbers are the same for a seed, and an order holds every element", () => {
  const of = (seed: number) => Array.from({ length: 5 }, randomOf(seed));
  expect(of(1)).toEqual(of(1));
  expect(of(1)).not.toEqual(of(2));
  const random = randomOf(3);
  const mean = Array.from({ length: 10_000 }, random).reduce((sum, value) => sum + value, 0) / 10_000;
  // The mean of so many has a deviation of 0.0029.
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.015);
  const order = shuffled([...Array(50).keys()], random);
  expect(order).not.toEqual([...Array(50).keys()]);
  expect(order.toSorted((a, b) => a - b)).toEqual([...Array(50).keys()]);
});

describe("sums", () => {
  const { train, test: held } = sums(300, 100, 7);
  const questions = (part: typeof train) =>
    Array.from({ length: part.rows }, (_, i) => textOf(rowOf(part.question, i)));

  test("are right, in characters", () => {
    expect([train.rows, held.rows]).toEqual([300, 100]);
    questions(train).forEach((question, i) => {
      const [a, b] = question.split("+").map(Number);
      expect(textOf(rowOf(train.answer, i))).toBe(String(a + b));
      expect(textOf(rowOf(train.before, i).subarray(1))).toBe(String(a + b).slice(0, ANSWER - 1));
    });
  });

  test("that are held out are of other pairs, in either order", () => {
    const pairOf = (question: string) => question.split("+").sort().join("+");
    const known = new Set(questions(train).map(pairOf));
    expect(known.size).toBe(300);
    expect(questions(held).filter((question) => known.has(pairOf(question)))).toEqual([]);
  });

  test("are exact where every character is", () => {
    const written = [...held.answer.data];
    expect(shareExact(held, written)).toBe(1);
    written[ANSWER * 3 + 1]++;
    expect(shareExact(held, written)).toBe(0.99);
    expect(nearestShare(train, train)).toBe(1);
  });

  test("are refused where there are not so many", () => {
    expect(() => sums(300_000, 1, 0)).toThrow("500500 pairs");
  });

  test.each(Object.keys(KINDS) as Kind[])("are answered by what %s itself finds the likeliest", async (kind) => {
    await using executor = new WasmExecutor({ threads: 1 });
    const adder = new Adder(kind, 8);
    const trainer = new Trainer(adder, { loss: crossEntropy, optimizer: adam(0.01), executor });
    await trainer.load({ x: { question: train.question, before: train.before }, y: train.answer });
    await trainer.fit({ epochs: 2 });
    const written = await answers(executor, adder, held);
    expect(written.length).toBe(held.rows * ANSWER);
    // Told what it wrote before each character, it says the same again.
    const before = held.before.data.map((first, i) => (i % ANSWER === 0 ? first : written[i - 1]));
    const x = { question: held.question, before: { data: before, shape: held.before.shape } };
    const { data, shape } = await trainer.predict(x, { as: "argmax" });
    expect(shape).toEqual([held.rows, ANSWER]);
    expect(Array.from(data)).toEqual(Array.from(written));
    expect(Math.max(...Array.from(written))).toBeLessThan(SYMBOLS);
    await trainer.dispose();
  });
});

describe("tagged words", () => {
  test("have simple tags", () => {
    const pairs = {
      nn: "noun",
      "np$-tl": "noun",
      "nns-tl-hl": "noun",
      "bedz*": "verb",
      md: "verb",
      jjt: "adj",
      "*": "adv",
      wrb: "adv",
      "ppss+bem": "pron",
      pp$$: "pron",
      wp$: "pron",
      "at-hl": "det",
      cs: "adp",
      "in-tl": "adp",
      "cd-hl": "num",
      cc: "conj",
      "to-hl": "prt",
      "''": ".",
      "---hl": ".",
      ".-nc": ".",
      ")": ".",
      "fw-in+at-tl": "x",
      nil: "x",
    };
    for (const [brown, tag] of Object.entries(pairs)) expect(`${brown} ${simpleTag(brown)}`).toBe(`${brown} ${tag}`);
    expect(() => simpleTag("zz")).toThrow("the tag zz is not known");
  });

  test("come a sentence a line, with strokes inside", () => {
    expect(sentencesOf("\n\tThe/at 1/2/cd ./.\n\n\n\tYes/rb\n")).toEqual([
      [
        { word: "The", tag: "det" },
        { word: "1/2", tag: "num" },
        { word: ".", tag: "." },
      ],
      [{ word: "Yes", tag: "adv" }],
    ]);
  });

  test("of the corpus all have one", async () => {
    const documents = await loadBrown();
    expect(documents.length).toBe(500);
    // As the Natural Language Toolkit counts them.
    expect(documents.flat().length).toBe(57_340);
    const words = documents.flat().reduce((sum, sentence) => sum + sentence.length, 0);
    expect(words).toBe(1_161_192);
    expect(new Set(documents.flat(2).map(({ tag }) => tag))).toEqual(new Set(TAGS));
  });

  const dogs = sentencesOf("the/at dog/nn runs/vbz ./.\nthe/at dog/nn ran/vbd\na/at run/nn run/nn run/vb");

  test("become numbers: padding 0, unknown words 1, long sentences in pieces", () => {
    const numbering = new Numbering(dogs);
    const long = Array.from({ length: LENGTH + 2 }, () => ({ word: "The", tag: "det" }) as const);
    const { x, y } = numbering.of([[{ word: "cats", tag: "noun" }, ...dogs[0]], long]);
    expect(x.words.shape).toEqual([3, LENGTH]);
    expect([...x.lengths.data]).toEqual([5, LENGTH, 2]);
    const first = [...x.words.data.subarray(0, 6)];
    expect([first[0], first[5]]).toEqual([1, 0]);
    // "the" and "The" are one word; "runs" and "." are seen once.
    expect(first[1]).toBe(x.words.data[LENGTH]);
    expect(first.slice(1, 3).every((index) => index > 1)).toBe(true);
    expect(first.slice(3, 5)).toEqual([1, 1]);
    expect(x.forms.data[1]).not.toBe(x.forms.data[LENGTH]);
    expect([...y.data.subarray(0, 6)]).toEqual([
      ...["noun", "det", "noun", "verb", "."].map((tag) => TAGS.indexOf(tag as never)),
      -100,
    ]);
    expect(Math.max(...x.words.data)).toBeLessThan(numbering.sizes.words);
  });

  test("are tagged by counting", () => {
    const tagOf = mostFrequentTags(dogs);
    expect(["the", "THE", "run", "dog"].map(tagOf)).toEqual(["det", "det", "noun", "noun"]);
    // Of a, runs, ran and ".", each seen once, two are verbs.
    expect(tagOf("unheard")).toBe("verb");
    expect(shareRight([1, 2, 3, 4], [1, 2, 0, -100])).toBe(2 / 3);
  });
});

describe("beam search", () => {
  // Logarithms of probabilities of three symbols behind each: 2 is the end. Likely first symbols lead to unlikely texts.
  const table = [
    [0.1, 0.45, 0.45],
    [0.4, 0.3, 0.3],
  ];
  const begin = [0.55, 0.35, 0.1];
  const next = async (texts: readonly (readonly number[])[]) =>
    texts.map((text) => (text.length === 0 ? begin : (table[text.at(-1) as number] ?? [0, 0, 1])).map(Math.log));
  const probability = (text: readonly number[]) =>
    text.reduce((product, symbol, i) => product * (i === 0 ? begin : table[text[i - 1]])[symbol], 1);
  const search = { length: 4, end: 2, next };

  /** All texts of up to `length` symbols, their ends included. */
  function textsOf(length: number): number[][] {
    if (length === 1) return [[0], [1], [2]];
    return [[2], ...[0, 1].flatMap((symbol) => textsOf(length - 1).map((text) => [symbol, ...text]))];
  }

  test("of all texts finds the likeliest", async () => {
    const best = textsOf(4).reduce((a, b) => (probability(b) > probability(a) ? b : a));
    expect(await beamSearch(1, { ...search, width: 27 })).toEqual([best.filter((symbol) => symbol !== 2)]);
  });

  test("of one text takes the likeliest symbol after the other", async () => {
    expect(await beamSearch(2, { ...search, width: 1 })).toEqual([
      [0, 1, 0, 1],
      [0, 1, 0, 1],
    ]);
  });

  test("asks for rows side by side", async () => {
    const asked: (readonly number[])[][] = [];
    // The second row ends at once.
    const found = await beamSearch(2, {
      width: 2,
      length: 3,
      end: 2,
      next: async (texts) => {
        asked.push([...texts]);
        return texts.map((_, i) => (i < 2 ? [-1, -2, -9] : [-9, -8, -1]));
      },
    });
    expect(found).toEqual([[0, 0, 0], []]);
    expect(asked[0]).toEqual([[], [], [], []]);
    expect(asked[1]).toEqual([[0], [1], [2], [1]]);
  });
});

test("texts are as far apart as symbols are changed", () => {
  expect(editDistance([..."kitten"], [..."sitting"])).toBe(3);
  expect(editDistance([], [..."abc"])).toBe(3);
  expect(editDistance([..."abc"], [..."abc"])).toBe(0);
  expect(editDistance([..."abc"], [..."bcd"])).toBe(2);
});

describe("pronunciations", () => {
  test("of the dictionary have known phonemes, no stress, no notes, each word once", () => {
    const all = entries(8);
    const words = all.map(({ word }) => word);
    expect(new Set(words).size).toBe(words.length);
    expect(words.length).toBeGreaterThan(60_000);
    expect(words.every((word) => /^[a-z]{1,8}$/.test(word))).toBe(true);
    expect(new Set(all.flatMap(({ sounds }) => sounds.flat()))).toEqual(new Set(PHONEMES));
    expect(all.find(({ word }) => word === "a")?.sounds).toEqual([["AH"], ["EY"]]);
  });

  const known: Entry[] = Object.entries({ hob: "AA B", fob: "F AA B", bob: "B AA B", of: "AA F", oh: "AA" }).map(
    ([word, sounds]) => ({ word, sounds: [sounds.split(" ")] }),
  );

  test("of letters alone are those that they mostly have", () => {
    const alone = lettersAlone(known);
    expect(alone("foob").join(" ")).toBe("F AA AA B");
    // h is silent; q was never seen.
    expect(alone("hobq").join(" ")).toBe("AA B");
    const ofAll = lettersAlone(entries(5).filter((_, i) => i % 8 === 0));
    expect(["b", "h", "m"].map((letter) => ofAll(letter).join(" "))).toEqual(["B", "", "M"]);
  });

  test("are judged by the nearest that there is", () => {
    const wanted = [{ word: "a", sounds: [["AH"], ["EY", "Y"]] }, known[2]];
    expect(
      errorsOf(
        [
          ["EY", "Y"],
          ["B", "AA", "S"],
        ],
        wanted,
      ),
    ).toEqual({ phonemes: 1 / 5, words: 0.5 });
  });

  test("stand behind what was said before", () => {
    const { x, y } = samplesOf(known.slice(0, 1), 4);
    const [aa, b] = ["AA", "B"].map((phoneme) => PHONEMES.indexOf(phoneme));
    expect([...x.letters.data]).toEqual([8, 15, 2, 0]);
    expect([...x.before.data]).toEqual([END, aa, b, END, END]);
    expect([...y.data]).toEqual([aa, b, END, -100, -100]);
  });

  test("are found by programs that read and say apart as by the whole network", async () => {
    await using executor = new WasmExecutor({ threads: 1 });
    const [speaker, most] = [new Speaker(16, 1), 4];
    const trainer = new Trainer(speaker, { loss: crossEntropy, optimizer: adam(0.01), executor });
    const samples = samplesOf(known, most);
    await trainer.load(samples);
    await trainer.fit({ epochs: 60, batch: "all" });
    const words = known.map(({ word }) => word);
    const greedy = await said(executor, speaker, words, { most, width: 1 });
    expect(greedy.map((sounds) => sounds.join(" "))).toEqual(known.map(({ sounds }) => sounds[0].join(" ")));
    expect(await said(executor, speaker, words, { most, width: 3 })).toEqual(greedy);
    // The whole network, told what they said, says the same, and then the end.
    const { data, shape } = await trainer.predict(samples.x, { as: "argmax" });
    expect(shape).toEqual([known.length, most + 1]);
    const whole = greedy.map((sounds, row) =>
      Array.from({ length: sounds.length + 1 }, (_, i) => data[row * (most + 1) + i]),
    );
    expect(whole).toEqual(greedy.map((sounds) => [...sounds.map((phoneme) => PHONEMES.indexOf(phoneme)), END]));
    await trainer.dispose();
  });
});

describe("forecasts", () => {
  let cities: Weather[] = [];
  beforeAll(async () => {
    cities = await loadWeather();
  });

  test("are of four years in two cities", () => {
    expect(cities.map(({ city, days, dates }) => [city, days.length, dates[0], dates.at(-1)])).toEqual([
      ["Seattle", 1461, "2012-01-01", "2015-12-31"],
      ["New York", 1461, "2012-01-01", "2015-12-31"],
    ]);
    expect(cities.flatMap(({ days }) => days.flat()).every(Number.isFinite)).toBe(true);
    const days = daysBetween(cities, "2015-01-01", "2016-01-01");
    expect(days.length).toBe(2 * 365);
    // The first days have no window before them.
    expect(daysBetween(cities, "", "2012-02-01").length).toBe(2 * (31 - WINDOW));
  });

  test("do not see the day that they are of", () => {
    const [weather] = cities;
    const forecaster = new Forecaster(daysBetween(cities, "", "2015-01-01"));
    const at = 1200;
    const days = weather.days.map((day, i) => (i >= at ? day.map((value) => value + 5) : day));
    const [one, other] = [weather, { ...weather, days }].map((each) => forecaster.samples([{ weather: each, at }]));
    expect(one.x.shape).toEqual([1, WINDOW, FEATURES]);
    expect(other.x.data).toEqual(one.x.data);
    expect(other.y.data[0]).toBeGreaterThan(one.y.data[0]);
  });

  test("come back as degrees", () => {
    const days = daysBetween(cities, "2015-01-01", "2015-03-01");
    const forecaster = new Forecaster(daysBetween(cities, "", "2015-01-01"));
    const said = forecaster.samples(days).y.data;
    // Tens of degrees, rounded to f32 once: 40 * 2^-24 is 2.4e-6.
    expect(errorOf(days, forecaster.degrees(days, said))).toBeLessThan(3e-6);
  });

  test("by linear functions are exact where all is linear", () => {
    const random = randomOf(5);
    const rows = Array.from({ length: 20 }, () => [random(), random()]);
    const at = leastSquares(
      rows,
      rows.map(([a, b]) => 3 * a - 2 * b + 1),
    );
    // Twenty equations of three unknowns in float64.
    expect(at([10, 20])).toBeCloseTo(-9, 10);
  });

  test("by autoregression are exact for a wave", () => {
    const days = Array.from({ length: 800 }, (_, i) => [10 + 8 * Math.sin(i / 9) + 3 * Math.cos(i / 4), 0, 0, 0]);
    const dates = days.map((_, i) => new Date(i * 24 * 3600 * 1000).toISOString().slice(0, 10));
    const noisy = days.map(([value, ...others], i) => [value + 1e-3 * Math.sin(i * i), ...others]);
    const all = daysBetween([{ city: "Here", dates, days: noisy }], "", "2000");
    const [known, unseen] = [all.slice(0, 600), all.slice(600)];
    // What cannot be known is of size 1e-3; the wave itself is of size 10.
    expect(errorOf(unseen, autoregression(known, unseen))).toBeLessThan(2e-3);
    expect(errorOf(unseen, yesterdays(unseen))).toBeGreaterThan(0.5);
    expect(lastYears(unseen)[0]).toBe(noisy[unseen[0].at - 365][0]);
  });
});

test("a chart has a point a step, and its words are escaped", () => {
  const labels = ["a<b", "c", "d"];
  const svg = svgOf({ title: "x & y", unit: "K", labels, lines: [{ name: "one", values: [1, 3, 2], colour: "red" }] });
  const points = /points="([^"]*)"/.exec(svg)?.[1].split(" ") ?? [];
  expect(points.map((point) => point.split(",").map(Number))).toEqual([
    [50, 330],
    [480, 50],
    [910, 190],
  ]);
  expect(svg).toContain("x &amp; y (K)");
  expect(svg).toContain("a&lt;b");
});

describe("a short run", { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sequences-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (load: () => Promise<unknown>, options: string) => outcomeOf(load, options, folder);

  test("adds", async () => {
    const load = () => import("../../demo/node/addition-rnn.ts");
    const outcome = await run(load, "--epochs 1 --sums 256 --tested 64 --hidden 8");
    expect(outcome.name).toBe("addition-rnn");
    expect(outcome.value).toBe(Math.min(outcome.LSTM, outcome.GRU));
    expect(outcome.value).toBeLessThanOrEqual(1);
    expect(outcome.baseline).toBeLessThan(0.1);
  });

  test("tags", async () => {
    const load = () => import("../../demo/node/sequence-tagger.ts");
    const outcome = await run(load, "--documents 20 --epochs 3 --hidden 8 --batch 16");
    expect(outcome.name).toBe("sequence-tagger");
    expect(outcome.baseline).toBeGreaterThan(0.8);
    // Most words are no nouns: it has learned something.
    expect(outcome.value).toBeGreaterThan(0.4);
  });

  test("pronounces", async () => {
    const load = () => import("../../demo/node/pronounce.ts");
    const sizes = "--size 16 --layers 1 --beam 2 --most 6";
    const outcome = await run(load, `--words 1000 --tested 20 --steps 20 --batch 16 ${sizes}`);
    expect(outcome.name).toBe("pronounce");
    expect(outcome.value).toBeGreaterThan(0);
    expect(outcome.baseline).toBeLessThan(0.6);
    expect(outcome.words).toBe(1000);
  });

  test("forecasts", async () => {
    const outcome = await run(() => import("../../demo/node/time-series.ts"), "--epochs 2 --width 4 --seed 1");
    expect(outcome.name).toBe("time-series");
    expect(outcome.baseline).toBe(outcome.autoregression);
    expect(outcome.value).toBe(Math.max(outcome.LSTM, outcome.GRU, outcome.convolution));
    expect(outcome.value).toBeLessThan(outcome["a year before"]);
    expect(readFileSync(join(folder, "time-series.svg"), "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);
  });
});
