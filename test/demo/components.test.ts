// Black and white images: what hangs together, what is enclosed, how deep it is, and where a threshold lies.
import { describe, expect, test } from "vitest";
import { components, depths, filled, type Mask, otsu } from "../../demo/node/components.ts";
import { generator } from "../ops/inputs.ts";

/** A mask as it is drawn: # is 1. */
function mask(...lines: readonly string[]): Mask {
  return {
    data: Uint8Array.from(lines.join(""), (letter) => (letter === "#" ? 1 : 0)),
    width: lines[0].length,
    height: lines.length,
  };
}

function randomMask(seed: number, width: number, height: number, share: number): Mask {
  const random = generator(seed);
  return { data: Uint8Array.from({ length: width * height }, () => (random() < share ? 1 : 0)), width, height };
}

describe("components", () => {
  test("touch by sides, not by corners, and not around the border", () => {
    expect(components(mask("##..#", "....#", "#....", ".#..#"))).toEqual([
      { box: { left: 0, top: 0, right: 2, bottom: 1 }, area: 2 },
      { box: { left: 4, top: 0, right: 5, bottom: 2 }, area: 2 },
      { box: { left: 0, top: 2, right: 1, bottom: 3 }, area: 1 },
      { box: { left: 1, top: 3, right: 2, bottom: 4 }, area: 1 },
      { box: { left: 4, top: 3, right: 5, bottom: 4 }, area: 1 },
    ]);
  });

  test("a spiral is one", () => {
    expect(components(mask("#####", "....#", "###.#", "#...#", "#####"))).toEqual([
      { box: { left: 0, top: 0, right: 5, bottom: 5 }, area: 17 },
    ]);
  });

  test("of nothing there are none", () => {
    expect(components(mask("...", "..."))).toEqual([]);
  });

  test("as many as labels that spread until they stay", () => {
    for (let seed = 0; seed < 20; seed++) {
      const drawn = randomMask(seed, 13, 9, 0.55);
      const { data, width } = drawn;
      const labels = Array.from(data, (value, i) => (value === 1 ? i : -1));
      for (let changed = true; changed; ) {
        changed = false;
        for (let i = 0; i < labels.length; i++)
          for (const [other, isBeside] of [
            [i + 1, i % width < width - 1],
            [i + width, true],
          ] as const) {
            if (!isBeside || labels[i] < 0 || (labels[other] ?? -1) < 0 || labels[i] === labels[other]) continue;
            labels[i] = labels[other] = Math.min(labels[i], labels[other]);
            changed = true;
          }
      }
      const areas = new Map<number, number>();
      for (const label of labels) if (label >= 0) areas.set(label, (areas.get(label) ?? 0) + 1);
      expect(components(drawn).map(({ area }) => area)).toEqual([...areas.values()]);
    }
  });
});

test("holes are filled, bays and what hangs out by a side are not", () => {
  expect(filled(mask(".####.", ".#..#.", ".##.#.", "..###.", "......"))).toEqual(
    mask(".####.", ".####.", ".####.", "..###.", "......"),
  );
  expect(filled(mask("##.##", "#...#", "#####"))).toEqual(mask("##.##", "#...#", "#####"));
});

describe("depths", () => {
  test("are steps to the nearest 0, and beyond the border there is none", () => {
    expect([...depths(mask(".####"))]).toEqual([0, 1, 2, 3, 4]);
    const third = Math.fround(4 / 3);
    expect([...depths(mask("###", "###", "##."))]).toEqual(
      [8 / 3, 7 / 3, 2, 7 / 3, third, 1, 2, 1, 0].map(Math.fround),
    );
  });

  test("are the shortest ways by the eight neighbours", () => {
    for (let seed = 0; seed < 10; seed++) {
      const { data, width, height } = randomMask(seed, 17, 12, 0.93);
      const zeros = [...data.keys()].filter((i) => data[i] === 0);
      depths({ data, width, height }).forEach((depth, i) => {
        const ways = zeros.map((zero) => {
          const across = Math.abs((zero % width) - (i % width));
          const down = Math.abs(Math.floor(zero / width) - Math.floor(i / width));
          return Math.max(across, down) + Math.min(across, down) / 3;
        });
        // At most 16 sums of float32 numbers below 32, each off by 2^-20 at most.
        expect(Math.abs(depth - Math.min(...ways))).toBeLessThan(16 * 2 ** -20);
      });
    }
  });
});

describe("a threshold after Otsu", () => {
  test("parts two groups", () => {
    const limit = otsu([10, 12, 11, 10, 200, 210, 205]);
    expect(limit).toBeGreaterThanOrEqual(12);
    expect(limit).toBeLessThan(200);
  });

  test("makes the variance within both groups the least", () => {
    const random = generator(5);
    const values = Array.from({ length: 300 }, (_, i) => Math.floor(256 * random() ** (i % 2 === 0 ? 3 : 0.4)));
    const within = (limit: number) =>
      [values.filter((value) => value <= limit), values.filter((value) => value > limit)].reduce((sum, group) => {
        const mean = group.reduce((total, value) => total + value, 0) / group.length;
        return sum + group.reduce((total, value) => total + (value - mean) ** 2, 0);
      }, 0);
    const all = Array.from({ length: 255 }, (_, limit) => within(limit)).filter(Number.isFinite);
    expect(within(otsu(values))).toBeCloseTo(Math.min(...all), 6);
  });

  test("of one colour is 0", () => {
    expect(otsu([7, 7, 7])).toBe(0);
  });
});
