// Augmentations: what each image becomes, how often, from bytes as from floats, with the same bits for any number of threads.
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant } from "../../src/create.ts";
import { evaluate, evaluateAll } from "../../src/evaluate.ts";
import * as images from "../../src/images/index.ts";
import { crossEntropy, trainingContext } from "../../src/nn/index.ts";
import { randomKey } from "../../src/ops/random.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { scalar, type Tensor } from "../../src/tensor.ts";
import { teamOf } from "../team.ts";
import { thrown } from "../thrown.ts";

const key = randomKey(7, "images");

/** The numbers 1, 2, ... */
function counted(shape: Shape): Tensor {
  return constant(
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => i + 1),
    { shape },
  );
}

/** N times the same image 1, 2, ... [1, H, W]. */
function copies(n: number, height: number, width: number): Tensor {
  return counted([1, 1, height, width]).broadcastTo([n, 1, height, width]);
}

/** The parts of so many numbers. */
function partsOf(values: ArrayLike<number>, size: number): number[][] {
  const list = Array.from(values);
  return Array.from({ length: list.length / size }, (_, i) => list.slice(i * size, (i + 1) * size));
}

/** Whether a share is p but for chance: five standard deviations. */
function expectShare(found: number, p: number, n: number): void {
  expect(Math.abs(found / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n) + 1e-9);
}

/** How often each text comes. */
function countOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const each of texts) counts.set(each, (counts.get(each) ?? 0) + 1);
  return counts;
}

describe("randomFlip", () => {
  test("mirrors each image or leaves it, as often as it should", async () => {
    const values = await evaluate(images.randomFlip(copies(2000, 2, 3), key, { p: 0.3 }));
    const counts = countOf(partsOf(values, 6).map(String));
    expect([...counts.keys()].sort()).toEqual(["1,2,3,4,5,6", "3,2,1,6,5,4"]);
    expectShare(counts.get("3,2,1,6,5,4") ?? 0, 0.3, 2000);
  });

  test("in both directions makes four images, each as often", async () => {
    const values = await evaluate(images.randomFlip(copies(2000, 2, 2), key, { direction: "both" }));
    const counts = countOf(partsOf(values, 4).map(String));
    expect([...counts.keys()].sort()).toEqual(["1,2,3,4", "2,1,4,3", "3,4,1,2", "4,3,2,1"]);
    for (const count of counts.values()) expectShare(count, 0.25, 2000);
  });

  test("is the same for all channels of an image", async () => {
    const [first, second] = partsOf(await evaluate(images.randomFlip(counted([1, 2, 1, 2]), key, { p: 1 })), 2);
    expect([first, second]).toEqual([
      [2, 1],
      [4, 3],
    ]);
  });
});

/** The image 1, 2, ... with what is outside, shifted. */
function shifted(height: number, width: number, down: number, across: number, border: boolean): string {
  const near = (place: number, size: number) => Math.min(size - 1, Math.max(0, place));
  return Array.from({ length: height * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width) - down, (i % width) - across];
    const [y, x] = [near(row, height), near(column, width)];
    return !border && (y !== row || x !== column) ? 0 : y * width + x + 1;
  }).join();
}

describe("randomShift", () => {
  test.each(["zeros", "border"] as const)("makes every shift as often, with %s outside", async (paddingMode) => {
    const options = { translate: [0.5, 0.25], paddingMode } as const;
    const values = await evaluate(images.randomShift(copies(6000, 4, 5), key, options));
    const counts = countOf(partsOf(values, 20).map(String));
    const expected = [-1, 0, 1].flatMap((down) =>
      [-2, -1, 0, 1, 2].map((across) => shifted(4, 5, down, across, paddingMode === "border")),
    );
    expect([...counts.keys()].sort()).toEqual(expected.sort());
    for (const count of counts.values()) expectShare(count, 1 / 15, 6000);
  });
});

describe("randomCrop", () => {
  test("cuts every part out as often", async () => {
    const values = await evaluate(images.randomCrop(copies(3000, 3, 4), key, { size: [2, 2] }));
    const counts = countOf(partsOf(values, 4).map(String));
    const corner = (y: number, x: number) => [0, 1, 4, 5].map((step) => 4 * y + x + step + 1).join();
    const expected = [0, 1].flatMap((y) => [0, 1, 2].map((x) => corner(y, x)));
    expect([...counts.keys()].sort()).toEqual(expected.sort());
    for (const count of counts.values()) expectShare(count, 1 / 6, 3000);
  });

  test("with padding shifts", async () => {
    const values = await evaluate(images.randomCrop(copies(2000, 2, 2), key, { size: [2, 2], padding: 1 }));
    const counts = countOf(partsOf(values, 4).map(String));
    const expected = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((across) => shifted(2, 2, down, across, false)));
    expect([...counts.keys()].sort()).toEqual(expected.sort());
  });

  test("refuses parts that are larger than the images", () => {
    expect(thrown(() => images.randomCrop(counted([1, 1, 3, 3]), key, { size: [3, 6], padding: 1 }))).toBe(
      "ShapeError: randomCrop: 6 pixels of 5 along axis 3",
    );
  });
});

describe("randomRotate and randomZoom", () => {
  test("turn by quarters exactly, and back", async () => {
    const x = counted([1, 1, 2, 2]);
    const quarter = (images_: Tensor, degrees: number) =>
      images.randomRotate(images_, key, { degrees: [degrees, degrees], mode: "nearest" });
    expect(await evaluate(quarter(x, 180))).toEqual(Float32Array.of(4, 3, 2, 1));
    expect(await evaluate(quarter(quarter(x, 90), -90))).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  test("draw evenly between their ends, one an image", async () => {
    // The middle of a ramp of columns stays, one pixel beside it becomes the cosine of the angle, or one over the scale.
    const ramp = constant([-1, 0, 1, -1, 0, 1, -1, 0, 1], { shape: [1, 1, 3, 3] }).broadcastTo([4000, 1, 3, 3]);
    const turned = partsOf(await evaluate(images.randomRotate(ramp, key, { degrees: 60 })), 9);
    const angles = turned.map((each) => (Math.acos(Math.min(1, each[5])) * 180) / Math.PI);
    const mean = angles.reduce((sum, each) => sum + each, 0) / 4000;
    expect(Math.max(...angles)).toBeLessThan(60.01);
    expect(Math.abs(mean - 30)).toBeLessThan((5 * 60) / Math.sqrt(12 * 4000));
    const zoomed = partsOf(await evaluate(images.randomZoom(ramp, key, { scale: [1, 2] })), 9);
    const scales = zoomed.map((each) => 1 / each[5]);
    expect(Math.min(...scales)).toBeGreaterThan(0.999);
    expect(Math.abs(scales.reduce((sum, each) => sum + each, 0) / 4000 - 1.5)).toBeLessThan(5 / Math.sqrt(12 * 4000));
  });
});

describe("colours", () => {
  const bytes = constant(
    Uint8Array.from({ length: 2 * 3 * 4 }, (_, i) => (i * 37) % 256),
    { shape: [2, 3, 2, 2] },
  );
  const data = partsOf(
    Array.from({ length: 24 }, (_, i) => (i * 37) % 256),
    12,
  );
  const clamped = (value: number) => Math.min(255, Math.max(0, value));
  const near = (found: ArrayLike<number>, expected: readonly number[]) =>
    expected.forEach((value, i) => {
      expect(Math.abs(found[i] - value)).toBeLessThan(1e-4);
    });
  const grey = (image: readonly number[], i: number) => 0.2989 * image[i] + 0.587 * image[4 + i] + 0.114 * image[8 + i];

  test("brightness, contrast and saturation are torchvision's formulas", async () => {
    const factor = [1.5, 1.5] as const;
    near(
      await evaluate(images.brightness(bytes, key, { factor })),
      data.flat().map((value) => clamped(1.5 * value)),
    );
    const contrasted = data.flatMap((image) => {
      const mean = [0, 1, 2, 3].reduce((sum, i) => sum + grey(image, i), 0) / 4;
      return image.map((value) => clamped(1.5 * value - 0.5 * mean));
    });
    near(await evaluate(images.contrast(bytes, key, { factor })), contrasted);
    const saturated = data.flatMap((image) => image.map((value, i) => clamped(1.5 * value - 0.5 * grey(image, i % 4))));
    near(await evaluate(images.saturation(bytes, key, { factor })), saturated);
  });

  test("factors lie around 1, and not below 0", async () => {
    const ones = constant(new Float64Array(4000).fill(0.25), { shape: [4000, 1, 1, 1] });
    const factors = Array.from(await evaluate(images.brightness(ones, key, { factor: 2 })), (value) => 4 * value);
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...factors)).toBeLessThan(3);
    expect(Math.abs(factors.reduce((sum, each) => sum + each, 0) / 4000 - 1.5)).toBeLessThan(15 / Math.sqrt(12 * 4000));
  });

  test("colorJitter of nothing changes nothing; of all of it keeps within 0..max", async () => {
    expect(Array.from(await evaluate(images.colorJitter(bytes, key)))).toEqual(data.flat());
    const all = await evaluate(
      images.colorJitter(bytes, key, { brightness: 0.8, contrast: 0.8, saturation: 0.8, hue: 0.5 }),
    );
    expect(all.every((value) => value >= 0 && value <= 255.001)).toBe(true);
  });

  test("greys need one channel or three", () => {
    expect(thrown(() => images.saturation(counted([1, 2, 2, 2]), key, { factor: 1 }))).toBe(
      "ShapeError: saturation: takes images of 1 or 3 channels, got [1, 2, 2, 2]",
    );
  });
});

test("addNoise has the mean and the deviation that it was told", async () => {
  const x = constant(new Uint8Array(40_000).fill(100), { shape: [4, 1, 100, 100] });
  const noise = Array.from(await evaluate(images.addNoise(x, key, { sigma: 0.02, mean: 0.01 })), (v) => v - 100);
  const mean = noise.reduce((sum, each) => sum + each, 0) / 40_000;
  const deviation = Math.sqrt(noise.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 40_000);
  expect(Math.abs(mean - 2.55)).toBeLessThan((5 * 5.1) / 200);
  expect(Math.abs(deviation - 5.1)).toBeLessThan((5 * 5.1) / Math.sqrt(2 * 40_000));
});

describe("cutout", () => {
  const size = 20;
  const ones = constant(new Float64Array(2000 * size * size).fill(1), { shape: [2000, 1, size, size] });

  test("erases rectangles of the shares and ratios it was told, as often as it should", async () => {
    const options = { p: 0.4, scale: [0.1, 0.3], ratio: [0.5, 2] } as const;
    const all = partsOf(await evaluate(images.cutout(ones, key, options)), size * size);
    const erased = all.filter((image) => image.includes(0));
    expectShare(erased.length, 0.4, 2000);
    const tops = new Set<number>();
    for (const image of erased) {
      const places = image.flatMap((value, i) => (value === 0 ? [i] : []));
      const rows = places.map((i) => Math.floor(i / size));
      const columns = places.map((i) => i % size);
      const [top, left] = [Math.min(...rows), Math.min(...columns)];
      const [height, width] = [Math.max(...rows) - top + 1, Math.max(...columns) - left + 1];
      expect(places.length).toBe(height * width);
      // Sides are whole numbers: each is rounded by half a pixel at most.
      expect((height - 0.5) * (width - 0.5)).toBeLessThan(0.3 * size * size);
      expect((height + 0.5) * (width + 0.5)).toBeGreaterThan(0.1 * size * size);
      expect((height - 0.5) / (width + 0.5)).toBeLessThan(2);
      tops.add(top);
    }
    expect(tops.size).toBeGreaterThan(10);
  });

  test("passes gradients of what stays", async () => {
    const value = images.cutout(counted([3, 1, 4, 4]), key, { p: 1, value: 5 });
    const x = counted([3, 1, 4, 4]);
    const [found, gradient] = await evaluateAll([value, grad(images.cutout(x, key, { p: 1, value: 5 }).sum(), [x])[0]]);
    const kept = Array.from(gradient, (slope, i) => (slope === 1 ? i + 1 : 5));
    expect(Array.from(found)).toEqual(kept);
  });
});

describe("mixup", () => {
  // Beta(0.2, 0.2) and Beta(2, 2) below these numbers: scipy.stats.beta.cdf.
  test.each([
    [0.2, 0.001, 0.13220129172927383],
    [0.2, 0.1, 0.33668977843005704],
    [0.2, 0.3, 0.43320418437596453],
    [2, 0.19580010565909173, 0.1],
    [2, 0.3263518223330697, 0.25],
    [2, 0.6736481776669303, 0.75],
  ])("draws shares of Beta(%f, ...): below %f as often as scipy says", async (alpha, bound, share) => {
    const n = 8000;
    const y = constant(
      Float64Array.from({ length: 2 * n }, (_, i) => Number(i % 2 === Math.floor(i / 2) % 2)),
      {
        shape: [n, 2],
      },
    );
    // Half of the partners are of the other class: there the target is the share, or 1 less it.
    const found = await evaluate(images.mixup(y, y, key, { alpha }).y);
    const shares = partsOf(found, 2).flatMap((each, i) => (each[i % 2] < 1 ? [each[i % 2]] : []));
    expectShare(shares.filter((each) => each < bound).length, share, shares.length);
  });

  test("mixes samples and targets by one share, with another sample each", async () => {
    const n = 50;
    const x = constant(
      Float64Array.from({ length: n }, (_, i) => i),
      { shape: [n, 1] },
    );
    const classes = constant(Int32Array.from({ length: n }, (_, i) => i));
    const mixed = images.mixup(x, classes, key, { alpha: 1, numClasses: n });
    const [samples, targets] = await evaluateAll([mixed.x, mixed.y]);
    const partners = new Set<number>();
    partsOf(targets, n).forEach((row, i) => {
      expect(row.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
      expect(samples[i]).toBeCloseTo(
        row.reduce((sum, each, j) => sum + each * j, 0),
        3,
      );
      const others = row.flatMap((each, j) => (each > 0 && j !== i ? [j] : []));
      expect(others.length).toBeLessThanOrEqual(1);
      partners.add(others[0] ?? i);
    });
    expect(partners.size).toBe(n);
  });

  test.each([0, 1])("takes %i samples", async (n) => {
    const [x, y] = [constant(new Float64Array(12 * n), { shape: [n, 3, 2, 2] }), constant(new Int32Array(n))];
    for (const mix of [images.mixup, images.cutmix]) {
      const mixed = mix(x, y, key, { numClasses: 2 });
      const [samples, targets] = await evaluateAll([mixed.x, mixed.y]);
      expect([...samples]).toEqual(new Array(12 * n).fill(0));
      expect([...targets]).toEqual(n === 0 ? [] : [1, 0]);
    }
  });

  test("smooths targets, and cross-entropy takes them, with its gradient", async () => {
    const [x, classes] = [constant([[1], [2], [3]]), constant(Int32Array.of(0, 2, 1))];
    const { y } = images.mixup(x, classes, key, { numClasses: 3, labelSmoothing: 0.3 });
    const logits = counted([3, 3]).sin();
    const [targets, gradient, probabilities] = await evaluateAll([
      y,
      grad(crossEntropy(logits, y), [logits])[0],
      logits.softmax(1),
    ]);
    for (const each of targets) expect(each).toBeGreaterThanOrEqual(0.0999);
    gradient.forEach((slope, i) => {
      expect(slope).toBeCloseTo((probabilities[i] - targets[i]) / 3, 6);
    });
  });

  test.each([0, 0.1])("with ignored classes teaches nothing of them, smoothed by %f", async (labelSmoothing) => {
    const options = { numClasses: 2, labelSmoothing };
    const x = counted([4, 1, 1, 2]);
    const logits = counted([4, 2]).sin();
    for (const mix of [images.mixup, images.cutmix]) {
      const { y } = mix(x, constant(Int32Array.of(-100, -100, -100, -100)), key, options);
      const [targets, loss, slopes] = await evaluateAll([
        y,
        crossEntropy(logits, y),
        grad(crossEntropy(logits, y), [logits])[0],
      ]);
      expect([...targets, ...loss, ...slopes].every((each) => each === 0)).toBe(true);
      // A known sample leaves its share of the target, whoever the other one is.
      const half = mix(x, constant(Int32Array.of(1, -100, 1, -100)), key, options);
      const whole = mix(x, constant(Int32Array.of(1, 0, 1, 0)), key, { numClasses: 2 });
      const [known, all] = await evaluateAll([half.y, whole.y]);
      partsOf(known, 2).forEach((row, i) => {
        expect(row[0]).toBeCloseTo((all[2 * i + 1] * labelSmoothing) / 2, 6);
        expect(row[1]).toBeCloseTo(all[2 * i + 1] * (1 - labelSmoothing / 2), 6);
      });
    }
  });

  test.each([0, 0.1])("with a class outside gives NaN where it is mixed in, smoothed by %f", async (labelSmoothing) => {
    for (const mix of [images.mixup, images.cutmix])
      for (const outside of [2, -1, 7]) {
        const y = constant(Int32Array.of(outside, 0, 1, 0));
        const targets = await evaluate(
          mix(counted([4, 1, 1, 2]), y, key, { numClasses: 2, labelSmoothing, alpha: 1 }).y,
        );
        const rows = partsOf(targets, 2).filter((row) => row.every(Number.isNaN));
        expect(rows.length).toBe(2); // its own, and the one whose partner it is
        expect(targets.filter(Number.isNaN).length).toBe(4);
      }
  });

  test.each<[string, () => unknown, string]>([
    [
      "classes without their number",
      () => images.mixup(counted([2, 3]), constant(Int32Array.of(0, 1)), key),
      "ArgumentError: mixup: class indices need numClasses",
    ],
    [
      "probabilities of other classes",
      () => images.mixup(counted([2, 3]), counted([2, 3]), key, { numClasses: 2 }),
      "ShapeError: mixup: probabilities [2, 3] are not of numClasses 2",
    ],
    [
      "probabilities of other classes of images",
      () => images.cutmix(counted([2, 1, 1, 2]), counted([2, 3]), key, { numClasses: 10 }),
      "ShapeError: cutmix: probabilities [2, 3] are not of numClasses 10",
    ],
    [
      "targets of other samples",
      () => images.mixup(counted([2, 3]), constant(Int32Array.of(0, 1, 2)), key, { numClasses: 3 }),
      "ShapeError: mixup: [2, 3] takes classes [N] or probabilities [N, C], got [3]",
    ],
    [
      "no shares",
      () => images.mixup(counted([2, 3]), counted([2, 2]), key, { alpha: 0 }),
      "ArgumentError: mixup: alpha must be a number > 0, got 0",
    ],
  ])("refuses %s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});

test("cutmix puts rectangles of other images in, and mixes targets by their share", async () => {
  const [n, size] = [300, 12];
  const x = constant(
    Float64Array.from({ length: n * size * size }, (_, i) => Math.floor(i / (size * size))),
    { shape: [n, 1, size, size] },
  );
  const classes = constant(Int32Array.from({ length: n }, (_, i) => i));
  const mixed = images.cutmix(x, classes, key, { numClasses: n });
  const [pixels, targets] = await evaluateAll([mixed.x, mixed.y]);
  const shares: number[] = [];
  const rows = partsOf(targets, n);
  partsOf(pixels, size * size).forEach((image, i) => {
    const counts = countOf(image.map(String));
    expect(counts.size).toBeLessThanOrEqual(2);
    for (const [other, count] of counts) expect(rows[i][Number(other)]).toBeCloseTo(count / (size * size), 5);
    shares.push((counts.get(String(i)) ?? 0) / (size * size));
  });
  // Of Beta(1, 1), evenly, but rectangles are cut at the border and rounded to fewer pixels: somewhat above a half.
  const mean = shares.reduce((sum, each) => sum + each, 0) / n;
  expect(mean).toBeGreaterThan(0.5);
  expect(mean).toBeLessThan(0.8);
});

const everything: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  randomFlip: (x) => images.randomFlip(x, key, { direction: "both" }),
  randomShift: (x) => images.randomShift(x, key, { translate: 0.3 }),
  randomRotate: (x) => images.randomRotate(x, key, { degrees: 30 }),
  randomZoom: (x) => images.randomZoom(x, key, { scale: [0.8, 1.2], paddingMode: "border" }),
  randomCrop: (x) => images.randomCrop(x, key, { size: [9, 9], padding: 2 }),
  addNoise: (x) => images.addNoise(x, key, { max: 255 }),
  cutout: (x) => images.cutout(x, key),
  colorJitter: (x) =>
    images.colorJitter(x, key, { brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.1, max: 255 }),
  mixup: (x) => images.mixup(x, constant(new Int32Array(8)), key, { numClasses: 2 }).x,
  cutmix: (x) => images.cutmix(x, constant(new Int32Array(8)), key, { numClasses: 2 }).x,
};

describe.each(Object.entries(everything))("%s", (_, change) => {
  const shape = [8, 3, 10, 11];
  const data = Uint8Array.from({ length: sizeOf(shape) }, (_each, i) => (i * i * 31) % 256);
  const [bytes, floats] = [constant(data, { shape }), constant(Float64Array.from(data), { shape })];
  const teams = [1, 2, 4].map((threads) => teamOf(threads, "portable"));
  afterAll(() => Promise.all(teams.map((each) => each.dispose())));

  test("takes bytes as it takes floats, with the same bits for any number of threads", async () => {
    const results: Uint8Array[] = [];
    for (const executor of teams)
      for (const x of [bytes, floats]) {
        const { buffer, byteOffset, byteLength } = await evaluate(change(x), { executor });
        results.push(Uint8Array.from(new Uint8Array(buffer, byteOffset, byteLength)));
      }
    expect(change(bytes).dtype).toBe("f32");
    for (const each of results) expect(each).toEqual(results[0]);
  });

  test("takes no images, and one", async () => {
    if (change === everything.mixup || change === everything.cutmix) return;
    expect([...(await evaluate(change(constant([], { shape: [0, 3, 10, 11] }))))]).toEqual([]);
    expect(change(counted([1, 3, 10, 11])).shape[0]).toBe(1);
  });

  test("refuses what are no images", () => {
    expect(thrown(() => change(counted([7])))).toMatch(/^ShapeError: /);
    const isOfMasks = [everything.randomFlip, everything.randomShift, everything.randomCrop].includes(change);
    const said = thrown(() => change(constant(new Int32Array(2640), { shape })));
    expect(said).toMatch(isOfMasks ? /^nothing/ : /^DTypeError: /);
  });
});

test("a training context's keys draw anew at every step", async () => {
  const x = copies(64, 2, 2);
  const draw = (step: number) => evaluate(images.randomFlip(x, trainingContext(0, scalar(step, "i32")).key()));
  expect(await draw(0)).toEqual(await draw(0));
  expect(await draw(1)).not.toEqual(await draw(0));
});

test("a theta that is NaN gives no pixels but NaN, and the images beside it theirs", async () => {
  const x = constant([7, 2, 3, 4, 7, 2, 3, 4], { shape: [2, 1, 2, 2] });
  for (const row of [0, 1])
    for (const mode of ["nearest", "bilinear"] as const)
      for (const paddingMode of ["border", "zeros"] as const) {
        const numbers = [1, 0, 0, 0, 1, 0];
        const theta = constant([...numbers.with(3 * row + 2, Number.NaN), ...numbers], { shape: [2, 2, 3] });
        const found = await evaluate(images.affine(x, theta, { mode, paddingMode }));
        expect([...found]).toEqual([...Array(4).fill(Number.NaN), 7, 2, 3, 4]);
        if (mode === "bilinear") continue;
        const masks = await evaluate(images.affine(x.cast("i32"), theta, { mode, paddingMode }));
        expect([...masks]).toEqual([...Array(4).fill(-(2 ** 31)), 7, 2, 3, 4]);
      }
});

describe("what comes in from outside", () => {
  const [n, height, width] = [500, 3, 4];
  const x = counted([1, 2, height, width]).broadcastTo([n, 2, height, width]);
  const moved: readonly (readonly [string, (each: Tensor, options: images.OutsideOptions) => Tensor])[] = [
    ["randomShift", (each, options) => images.randomShift(each, key, { translate: 0.5, ...options })],
    ["randomCrop", (each, options) => images.randomCrop(each, key, { size: [3, 4], padding: 2, ...options })],
    ["randomRotate", (each, options) => images.randomRotate(each, key, { degrees: 60, mode: "nearest", ...options })],
    ["randomZoom", (each, options) => images.randomZoom(each, key, { scale: [0.4, 0.6], mode: "nearest", ...options })],
  ];

  test.each(moved)("is the fill of its channel, where 0 was: %s", async (_, change) => {
    const fills = [{}, { fill: -1 }, { fill: [-1, -2.5] }, { fill: 0 }];
    const [zeros, one, two, none] = await evaluateAll(fills.map((options) => change(x, options)));
    const second = (i: number) => Math.floor(i / (height * width)) % 2 === 1;
    expect(zeros.filter((value) => value === 0).length).toBeGreaterThan(n);
    expect(Array.from(one)).toEqual(Array.from(zeros, (value) => value || -1));
    expect(Array.from(two)).toEqual(Array.from(zeros, (value, i) => value || (second(i) ? -2.5 : -1)));
    expect(Array.from(none)).toEqual(Array.from(zeros));
  });

  test.each(moved)("is a class that a loss ignores, in masks that are moved with images: %s", async (_, change) => {
    const mask = x.narrow(1, 0, 1).cast("i32");
    const result = change(mask, { fill: -100 });
    expect(result.dtype).toBe("i32");
    const [labels, pixels] = await evaluateAll([result, change(x.narrow(1, 0, 1), {})]);
    expect(labels).toBeInstanceOf(Int32Array);
    expect(Array.from(labels)).toEqual(Array.from(pixels, (value) => value || -100));
    const [logits, known] = [
      counted([n, 13, height, width]).div(1e5),
      await evaluate(crossEntropy(counted([n, 13, height, width]).div(1e5), result.reshape([n, height, width]))),
    ];
    const kept = Array.from(labels, (label, i) => [label, i] as const).filter(([label]) => label !== -100);
    const all = Array.from(
      await evaluate(
        logits
          .permute([0, 2, 3, 1])
          .reshape([n * height * width, 13])
          .logSoftmax(1),
      ),
    );
    const mean = -kept.reduce((sum, [label, i]) => sum + all[13 * i + label], 0) / kept.length;
    expect(known[0]).toBeCloseTo(mean, 5);
  });

  test.each(moved)("is refused where it says nothing, or is none: %s", (name, change) => {
    const mask = constant(new Int32Array(8), { shape: [1, 2, 2, 2] });
    expect(thrown(() => change(x, { fill: 1, paddingMode: "border" }))).toBe(
      `ArgumentError: ${name}: fill must be left out beside paddingMode "border": what is nearest comes in, got 1`,
    );
    expect(thrown(() => change(x, { fill: [1, 2, 3] }))).toBe(`ShapeError: ${name}: fill has 3 numbers for 2 channels`);
    expect(thrown(() => change(mask.narrow(2, 0, 2), { fill: 0.5 }))).toBe(
      `ArgumentError: ${name}: fill of whole numbers must be an i32, got 0.5`,
    );
  });

  test("of a crop needs padding", () => {
    for (const options of [{ fill: 3 }, { paddingMode: "border" }] as const)
      expect(thrown(() => images.randomCrop(x, key, { size: 2, ...options }))).toBe(
        `ArgumentError: randomCrop: ${Object.keys(options)[0]} is of the pixels that padding puts around: give padding, too`,
      );
  });
});

describe("masks of whole numbers", () => {
  const [n, channels, height, width] = [64, 2, 5, 6];
  const x = counted([n, channels, height, width]);
  const mask = x.narrow(1, 0, 1).cast("i32");
  test.each<[string, (each: Tensor) => Tensor]>([
    ["randomFlip", (each) => images.randomFlip(each, key, { direction: "both" })],
    ["randomCrop", (each) => images.randomCrop(each, key, { size: [4, 5], padding: 2 })],
    ["randomShift", (each) => images.randomShift(each, key, { translate: 0.4, paddingMode: "border" })],
    ["randomRotate to the nearest", (each) => images.randomRotate(each, key, { degrees: 40, mode: "nearest" })],
    ["randomZoom to the nearest", (each) => images.randomZoom(each, key, { scale: [0.5, 2], mode: "nearest" })],
  ])("stay such, and go where the images of the same key go: %s", async (_, change) => {
    const changed = change(mask);
    expect(changed.dtype).toBe("i32");
    const [own, others] = await evaluateAll([changed, change(x).narrow(1, 0, 1)]);
    expect(own).toBeInstanceOf(Int32Array);
    expect(Array.from(own)).toEqual(Array.from(others));
  });

  test("are refused where pixels are mixed", () => {
    const bad = [
      () => images.randomRotate(mask, key, { degrees: 10 }),
      () => images.randomZoom(mask, key, { scale: [1, 2] }),
      () => images.colorJitter(mask, key),
    ];
    for (const run of bad) expect(thrown(run)).toContain("takes f32 or u8, got i32");
  });
});

test("a size is a number, or a height and a width", async () => {
  const x = counted([2, 1, 4, 4]);
  const crop = (size: number | readonly [number, number]) => images.randomCrop(x, key, { size });
  expect((await evaluate(crop(3))).join()).toBe((await evaluate(crop([3, 3]))).join());
  const theta = constant([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0], { shape: [2, 2, 3] });
  expect(images.affine(x, theta, { size: 7 }).shape).toEqual([2, 1, 7, 7]);
  expect(thrown(() => crop("3" as never))).toBe(
    'ArgumentError: randomCrop: size must be a whole number, or [height, width], got "3"',
  );
});

test("f32 that was made of bytes is from 0 to 255, through a cast and any function of images; other f32 from 0 to 1", async () => {
  const shape = [2, 3, 4, 4];
  const bytes = constant(
    Uint8Array.from({ length: sizeOf(shape) }, (_, i) => 100 + i),
    { shape },
  );
  const theta = constant([1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0], { shape: [2, 2, 3] });
  const made: Record<string, (x: Tensor) => Tensor> = {
    ...everything,
    affine: (x) => images.affine(x, theta),
  };
  const classes = constant(new Int32Array(2));
  made.randomCrop = (x) => images.randomCrop(x, key, { size: 4 });
  made.mixup = (x) => images.mixup(x, classes, key, { numClasses: 2 }).x;
  made.cutmix = (x) => images.cutmix(x, classes, key, { numClasses: 2 }).x;
  const jittered = (x: Tensor) => images.brightness(x, key, { factor: [1, 1] });
  const brightest = async (x: Tensor) => Math.max(...Array.from(await evaluate(jittered(x))));
  for (const [name, change] of Object.entries(made))
    for (const x of [bytes, bytes.cast("f32")])
      expect({ name, isCut: (await brightest(change(x))) <= 1 }).toEqual({ name, isCut: false });
  expect(await brightest(bytes.cast("f32").div(255))).toBeLessThanOrEqual(1);
  expect(await brightest(constant([2, 3, 4, 5], { shape: [1, 1, 2, 2] }))).toBe(1);
});
