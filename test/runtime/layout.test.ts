// Places never overlap, space that was given back is used again, and nothing is left when all is given back.
import { expect, it } from "vitest";
import { ALIGN } from "../../assembly/isa/sizes.ts";
import { Layout, type Room } from "../../src/runtime/layout.ts";
import { random } from "../assembly/machine.ts";

const START = 1024;

it("gives places that are aligned, padded and apart, through any order of taking and freeing", () => {
  const next = random(3);
  const layout = new Layout(START);
  const places: Room[] = [];
  for (let round = 0; round < 3000; round++) {
    if (places.length > 0 && next() > 0.02) {
      const [place] = places.splice(Math.floor(((next() + 1) / 2) * places.length), 1);
      layout.free(place);
    } else {
      const words = Math.floor((next() + 1) * 500);
      const place = layout.take(words);
      expect(place.at % ALIGN).toBe(0);
      expect(place.words).toBe(Math.ceil(words / ALIGN) * ALIGN);
      expect(place.at).toBeGreaterThanOrEqual(START);
      expect(place.at + place.words).toBeLessThanOrEqual(layout.end);
      const overlaps = (other: Room) => place.at < other.at + other.words && other.at < place.at + place.words;
      if (place.words > 0) expect(places.filter((other) => other.words > 0).some(overlaps)).toBe(false);
      places.push(place);
    }
  }
  for (const place of places) layout.free(place);
  expect(layout.end).toBe(START);
});

it("merges neighbours, in whatever order they are freed", () => {
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    const layout = new Layout(START);
    const places = [100, 200, 300].map((words) => layout.take(words));
    const after = layout.take(16);
    for (const index of order) layout.free(places[index]);
    const all = layout.take(600);
    expect(all.at).toBe(START);
    expect(layout.end).toBe(after.at + 16);
  }
});

it("fills the first gap that is large enough, and leaves a copy alone", () => {
  const layout = new Layout(START);
  const [small, , large] = [64, 16, 128, 16].map((words) => layout.take(words));
  layout.free(large);
  layout.free(small);
  const copy = layout.copy();
  expect(layout.take(100).at).toBe(large.at);
  expect(layout.take(10).at).toBe(small.at);
  expect(copy.take(128).at).toBe(large.at);
});
