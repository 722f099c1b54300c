// Cells in images: annotations, views, maps and back, what thresholds find, and a network that learns them from drawn ones.
import { Trainer, WasmExecutor } from "simdgrad";
import { adam } from "simdgrad/optim";
import { describe, expect, test } from "vitest";
import { averagePrecision } from "../../demo/node/average-precision.ts";
import {
  annotated,
  type Cells,
  eachKind,
  HEIGHT,
  KINDS,
  type Kind,
  READ_HEIGHT,
  READ_WIDTH,
  readCells,
  WIDTH,
} from "../../demo/node/blood-images.ts";
import { type Box, overlap } from "../../demo/node/boxes.ts";
import {
  drawnSamples,
  drawnView,
  randomNumbers,
  SEEN_HEIGHT,
  SEEN_WIDTH,
  samplesOf,
  seenBox,
  writeView,
} from "../../demo/node/cell-crops.ts";
import { cellsOf, GIVEN, PLACES, WANTED, writeMaps } from "../../demo/node/cell-maps.ts";
import { CellNetwork, cellLoss } from "../../demo/node/cell-network.ts";
import { cellsByRules, rulesFor } from "../../demo/node/cell-thresholds.ts";

const SIDES: Readonly<Record<Kind, number>> = { RBC: 100, WBC: 200, Platelets: 40 };
const COLOURS: Readonly<Record<Kind, readonly number[]>> = {
  RBC: [190, 140, 140],
  WBC: [120, 80, 190],
  Platelets: [130, 110, 190],
};

/** The disc in a square. */
function paint(pixels: Uint8Array, { left, top, right, bottom }: Box, colour: readonly number[]): void {
  const step = WIDTH / READ_WIDTH;
  for (let row = Math.floor(top / step); row < Math.min(READ_HEIGHT, bottom / step); row++)
    for (let column = Math.floor(left / step); column < Math.min(READ_WIDTH, right / step); column++) {
      const [x, y] = [(column + 0.5) * step, (row + 0.5) * step];
      const far = Math.hypot(x - (left + right) / 2, y - (top + bottom) / 2);
      if (far < (right - left) / 2) pixels.set(colour, 3 * (row * READ_WIDTH + column));
    }
}

/** Discs of colour on a bright ground, not one over another. */
function drawnCells(random: () => number): Cells {
  const pixels = new Uint8Array(3 * READ_WIDTH * READ_HEIGHT).fill(215);
  const boxes = eachKind<Box[]>(() => []);
  for (const kind of ["WBC", "RBC", "RBC", "RBC", "RBC", "Platelets", "Platelets"] as const) {
    const side = SIDES[kind] * (0.9 + 0.2 * random());
    const [left, top] = [random() * (WIDTH - side), random() * (HEIGHT - side)];
    const box = { left, top, right: left + side, bottom: top + side };
    if (KINDS.some((other) => boxes[other].some((each) => overlap(each, box) > 0))) continue;
    boxes[kind].push(box);
    paint(pixels, box, COLOURS[kind]);
  }
  return { name: "drawn", path: "", pixels, boxes };
}

describe("annotations", () => {
  const object = (name: string, ...sides: readonly number[]) => {
    const tags = ["xmin", "ymin", "xmax", "ymax"].map((tag, i) => `<${tag}>${sides[i]}</${tag}>`);
    return `<object>\n\t<name>${name}</name>\n\t<bndbox>\n${tags.join("\n")}</bndbox>\n</object>`;
  };

  test("give boxes by kinds, but none without an area", () => {
    const xml = `<annotation>${object("WBC", 1, 2, 30, 40)}${object("RBC", 5, 5, 5, 5)}${object("RBC", 6, 7, 8, 9)}</annotation>`;
    expect(annotated(xml)).toEqual({
      RBC: [{ left: 6, top: 7, right: 8, bottom: 9 }],
      WBC: [{ left: 1, top: 2, right: 30, bottom: 40 }],
      Platelets: [],
    });
  });

  test("of another kind are told", () => {
    expect(() => annotated(object("cat", 1, 2, 3, 4))).toThrow('none of RBC, WBC, Platelets, but "cat"');
  });

  test("that are not there are told, and what belongs there", async () => {
    await expect(readCells("nowhere", "train")).rejects.toThrow("give by --data the folder BCCD");
  });
});

describe("views", () => {
  test("show a cell where its box is", () => {
    const random = randomNumbers(1);
    const pixels = new Uint8Array(3 * READ_WIDTH * READ_HEIGHT);
    // Rows 60 to 119 and columns 100 to 179 of what was read, in pixels of the image.
    const box = { left: 500 / 3, top: 100, right: 300, bottom: 200 };
    for (let y = 60; y < 120; y++) pixels.fill(255, 3 * (y * READ_WIDTH + 100), 3 * (y * READ_WIDTH + 180));
    const cells = { name: "", path: "", pixels, boxes: { RBC: [box], WBC: [], Platelets: [] } };
    let compared = 0;
    for (let round = 0; round < 40; round++) {
      const view = drawnView(random);
      const seen = seenBox(view, box);
      const to = new Uint8Array(3 * SEEN_WIDTH * SEEN_HEIGHT);
      writeView(to, 0, cells, view);
      if (seen === undefined) continue;
      const bright = [...to.subarray(0, SEEN_WIDTH * SEEN_HEIGHT).keys()].filter((i) => to[i] >= 128);
      const [columns, rows] = [bright.map((i) => i % SEEN_WIDTH), bright.map((i) => Math.floor(i / SEEN_WIDTH))];
      const scale = WIDTH / SEEN_WIDTH;
      const sides = [
        [Math.min(...columns), seen.left],
        [Math.max(...columns) + 1, seen.right],
        [Math.min(...rows), seen.top],
        [Math.max(...rows) + 1, seen.bottom],
      ];
      // A pixel is bright or is not: half of one, and of the blur between two that were read, a quarter.
      for (const [pixel, side] of sides) expect(Math.abs(pixel - side / scale)).toBeLessThan(0.8);
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
  });

  test("of which too little is seen have no box", () => {
    const view = { left: 100, top: 0, zoom: 1, mirrored: false, turned: false };
    expect(seenBox(view, { left: 60, top: 0, right: 120, bottom: 50 })).toBeUndefined();
    expect(seenBox(view, { left: 60, top: 0, right: 130, bottom: 50 })).toEqual({
      left: 0,
      top: 0,
      right: 30,
      bottom: 50,
    });
  });

  test("of a pass are as many as images, and the same for a seed", () => {
    const cells = [1, 2, 3, 4, 5].map((seed) => drawnCells(randomNumbers(seed)));
    const chunks = [...drawnSamples(cells, 2, randomNumbers(7))];
    expect(chunks.map(({ x, y }) => [x.shape[0], y.shape[0]])).toEqual([
      [2, 2],
      [2, 2],
      [1, 1],
    ]);
    expect([...drawnSamples(cells, 2, randomNumbers(7))]).toEqual(chunks);
    expect([...drawnSamples(cells, 2, randomNumbers(8))]).not.toEqual(chunks);
  });
});

test("maps tell of the cells that they were made of", () => {
  const random = randomNumbers(3);
  for (let round = 0; round < 10; round++) {
    const { boxes } = drawnCells(random);
    const wanted = new Float32Array(WANTED * PLACES + 5);
    writeMaps(wanted, 5, boxes);
    const given = new Float32Array(GIVEN * PLACES);
    for (let i = 0; i < given.length; i++) given[i] = wanted[5 + i];
    // Probabilities 0.9 at the middles.
    for (let i = 0; i < KINDS.length * PLACES; i++)
      given[i] = Math.log(0.9 * given[i] + 1e-4) - Math.log(1 - 0.9 * given[i]);
    const found = cellsOf(given, 0, { least: 0.8 });
    for (const kind of KINDS) {
      expect(found[kind]).toHaveLength(boxes[kind].length);
      for (const box of boxes[kind]) {
        const best = Math.max(...found[kind].map((each) => overlap(each.box, box)));
        // Sides of 640 pixels in float32, by logarithms: off by less than a thousandth of a pixel of 36.
        expect(best).toBeGreaterThan(1 - 1e-4);
      }
    }
  }
});

test("thresholds find drawn cells", () => {
  const random = randomNumbers(4);
  const cells = Array.from({ length: 6 }, () => drawnCells(random));
  const rules = rulesFor(cells);
  const found = cells.map((each) => cellsByRules(each, rules));
  for (const kind of KINDS)
    expect(
      averagePrecision(cells.map(({ boxes }, i) => ({ found: found[i][kind], wanted: boxes[kind] }))),
    ).toBeGreaterThan(0.9);
});

test("a network learns to find drawn cells", async () => {
  const random = randomNumbers(5);
  const cells = Array.from({ length: 8 }, () => drawnCells(random));
  const executor = new WasmExecutor();
  const trainer = new Trainer(new CellNetwork(), {
    loss: cellLoss,
    optimizer: adam(4e-3),
    preprocess: (x) => x.cast("f32").div(255),
    executor,
  });
  const { x, y } = samplesOf(cells);
  await trainer.load({ x, y });
  const history = await trainer.fit({ batch: 4, epochs: 12 });
  expect(history[11].loss).toBeLessThan(history[0].loss / 3);
  const { data, shape } = await trainer.predict(x);
  expect(shape).toEqual([8, GIVEN, 36, 48]);
  const sights = cells.map(({ boxes }, i) => ({ found: cellsOf(data, i * GIVEN * PLACES).RBC, wanted: boxes.RBC }));
  expect(averagePrecision(sights)).toBeGreaterThan(0.5);
  await trainer.dispose();
  await executor.dispose();
});
