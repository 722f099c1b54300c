// Cells without learning: thresholds of colours, what hangs together, and rules of size. What the network is compared with.
import { averagePrecision } from "./average-precision.ts";
import { type Cells, eachKind, type Kind, READ_HEIGHT, READ_WIDTH, WIDTH } from "./blood-images.ts";
import { area, type Box, type Found } from "./boxes.ts";
import { type Component, components, depths, filled, otsu } from "./components.ts";

/** Pixels of an image for one that was read. */
const STEP = WIDTH / READ_WIDTH;

/** Sizes are the areas of boxes in pixels of the image. */
export interface Rules {
  /** White cells and platelets are stained: their blue is above their green by so much. */
  readonly stain: Readonly<Record<"WBC" | "Platelets", number>>;
  /** Boxes of platelets reach so far around what is stained, in pixels as they were read. */
  readonly halo: number;
  /** Red cells are darker than the background: their green is so much above the threshold between both, at most. */
  readonly lift: number;
  /** Red cells are parted where this much off their borders parts them, in pixels as they were read. */
  readonly rim: number;
  /** What the boxes of a kind measure, the middle one of all. */
  readonly usual: Readonly<Record<Kind, number>>;
}

const STAINS = [20, 25, 30, 40, 50, 60];
const HALOS = [0, 2, 4, 6];
const LIFTS = [6, 12, 18];
const RIMS = [8, 12, 16, 20, 24];

/** The cells of an image. A box is the surer, the more its size is the usual one of its kind. */
export function cellsByRules(cells: Cells, rules: Rules): Record<Kind, Found[]> {
  const WBC = whiteCells(cells, rules);
  return { WBC, Platelets: platelets(cells, rules), RBC: redCells(darkDepths(cells, rules.lift, WBC), rules) };
}

/** The rules that find the cells of the images best, kind by kind. */
export function rulesFor(images: readonly Cells[]): Rules {
  const usual = eachKind((kind) => middle(images.flatMap(({ boxes }) => boxes[kind].map(area))));
  const precision = (kind: Kind, find: (cells: Cells, i: number) => readonly Found[]) =>
    averagePrecision(images.map((cells, i) => ({ found: find(cells, i), wanted: cells.boxes[kind] })));
  const start: Rules = { stain: { WBC: 0, Platelets: 0 }, halo: 0, lift: 0, rim: 0, usual };
  const white = best(
    STAINS.map((WBC) => ({ ...start, stain: { ...start.stain, WBC } })),
    (rules) => precision("WBC", (cells) => whiteCells(cells, rules)),
  );
  const small = best(
    STAINS.flatMap((Platelets) => HALOS.map((halo) => ({ ...white, stain: { ...white.stain, Platelets }, halo }))),
    (rules) => precision("Platelets", (cells) => platelets(cells, rules)),
  );
  const found = images.map((cells) => whiteCells(cells, white));
  const choices = LIFTS.flatMap((lift) => {
    const inside = images.map((cells, i) => darkDepths(cells, lift, found[i]));
    return RIMS.map((rim) => {
      const rules = { ...small, lift, rim };
      return { rules, value: precision("RBC", (_, i) => redCells(inside[i], rules)) };
    });
  });
  return best(choices, ({ value }) => value).rules;
}

function best<T>(all: readonly T[], value: (each: T) => number): T {
  const values = all.map(value);
  return all[values.indexOf(Math.max(...values))];
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** The parts of what is stained. */
function stainedParts({ pixels }: Cells, stain: number): Component[] {
  const data = new Uint8Array(READ_WIDTH * READ_HEIGHT);
  for (let i = 0; i < data.length; i++) data[i] = pixels[3 * i + 2] - pixels[3 * i + 1] >= stain ? 1 : 0;
  return components({ data, width: READ_WIDTH, height: READ_HEIGHT });
}

/** Between a white cell and a platelet. */
function limitOf({ WBC, Platelets }: Rules["usual"]): number {
  return Math.sqrt(WBC * Platelets);
}

/** Large stained parts. */
function whiteCells(cells: Cells, { stain, usual }: Rules): Found[] {
  return stainedParts(cells, stain.WBC)
    .map(({ box }) => foundAt(inImage(box, 0), usual.WBC))
    .filter(({ box }) => area(box) > limitOf(usual));
}

/** Small stained parts that are round rather than long. */
function platelets(cells: Cells, { stain, halo, usual }: Rules): Found[] {
  return stainedParts(cells, stain.Platelets)
    .filter((part) => part.area > area(part.box) / 2)
    .map(({ box }) => foundAt(inImage(box, halo), usual.Platelets))
    .filter(({ box }) => area(box) > usual.Platelets / 4 && area(box) <= limitOf(usual));
}

/** How deep pixels are inside of what is darker than the background, and no white cell. */
function darkDepths({ pixels }: Cells, lift: number, white: readonly Found[]): Float32Array {
  const green = new Uint8Array(READ_WIDTH * READ_HEIGHT);
  for (let i = 0; i < green.length; i++) green[i] = pixels[3 * i + 1];
  const limit = otsu(green) + lift;
  const size = { width: READ_WIDTH, height: READ_HEIGHT };
  const { data } = filled({ data: green.map((value) => (value <= limit ? 1 : 0)), ...size });
  for (const { box } of white)
    for (let y = box.top / STEP; y < box.bottom / STEP; y++)
      data.fill(0, y * READ_WIDTH + box.left / STEP, y * READ_WIDTH + box.right / STEP);
  return depths({ data, ...size });
}

/** Dark parts without their rims, of the size of red cells. */
function redCells(inside: Float32Array, { rim, usual }: Rules): Found[] {
  const data = new Uint8Array(inside.length);
  for (let i = 0; i < data.length; i++) data[i] = inside[i] > rim ? 1 : 0;
  return components({ data, width: READ_WIDTH, height: READ_HEIGHT })
    .map(({ box }) => foundAt(inImage(box, rim), usual.RBC))
    .filter(({ score }) => score >= 0.25);
}

function foundAt(box: Box, usual: number): Found {
  const size = area(box);
  return { box, score: Math.min(size, usual) / Math.max(size, usual) };
}

/** A box of pixels that were read in pixels of the image, larger by so much all around. */
function inImage({ left, top, right, bottom }: Box, by: number): Box {
  const across = (at: number) => Math.min(READ_WIDTH, Math.max(0, at)) * STEP;
  const down = (at: number) => Math.min(READ_HEIGHT, Math.max(0, at)) * STEP;
  return { left: across(left - by), top: down(top - by), right: across(right + by), bottom: down(bottom + by) };
}

/** What is told of the rules. */
export function toldRules({ stain, halo, lift, rim }: Rules): string {
  return `stain ${stain.WBC} and ${stain.Platelets}, halo ${halo}, lift ${lift}, rim ${rim}`;
}
