// How the page of words takes sounds: at another rate, and cut to what its network hears.
import { expect, test } from "vitest";
import { Resampler, resampled } from "../../demo/web/words/resampler.ts";
import { centred, KEPT, pieces, RATE } from "../../demo/web/words/sounds.ts";

const tone = (frequency: number, rate: number, seconds: number) =>
  Float32Array.from({ length: Math.round(rate * seconds) }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate));

test.each([8000, 44_100, 48_000])("a tone at %i samples a second is the same tone at 16,000", (rate) => {
  const [found, expected] = [resampled(tone(1000, rate, 0.5), rate, RATE), tone(1000, RATE, 0.5)];
  expect(found.length).toBe(expected.length);
  // At both ends it is cut off by silence.
  for (let i = 400; i < expected.length - 400; i++) expect(Math.abs(found[i] - expected[i])).toBeLessThan(3e-3);
});

test("tones that the lower rate has no room for are gone", () => {
  const found = resampled(tone(11_000, 44_100, 0.5), 44_100, RATE);
  for (let i = 400; i < found.length - 400; i++) expect(Math.abs(found[i])).toBeLessThan(0.01);
});

test("pieces as they come make the samples of the whole", () => {
  const sound = tone(440, 44_100, 0.2);
  const whole = new Resampler(44_100, RATE).push(sound);
  const resampler = new Resampler(44_100, RATE);
  const made: number[] = [];
  for (let first = 0; first < sound.length; first += 100)
    made.push(...resampler.push(sound.subarray(first, first + 100)));
  expect(made.length).toBe(whole.length);
  for (const [i, value] of made.entries()) expect(Math.abs(value - whole[i])).toBeLessThan(1e-5);
});

test("the loudest half second is put into the middle, wherever it was", () => {
  const sound = new Float32Array(3 * RATE);
  sound.set(tone(300, RATE, 0.5), 2 * RATE);
  const kept = centred(sound);
  expect(kept.length).toBe(KEPT);
  const loud = [...kept.keys()].filter((i) => Math.abs(kept[i]) > 0.5);
  const middle = (loud[0] + loud[loud.length - 1]) / 2;
  expect(Math.abs(middle - KEPT / 2)).toBeLessThan(RATE / 50);
  expect(centred(tone(300, RATE, 0.1)).length).toBe(KEPT);
});

test("a longer sound is all of its pieces, a short one a piece", () => {
  expect(pieces(new Float32Array(3 * KEPT + 5)).length).toBe(3);
  expect(pieces(new Float32Array(5)).length).toBe(1);
});
