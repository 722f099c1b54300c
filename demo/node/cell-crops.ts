// What the network sees of images: all of them as they are, or while it trains parts, enlarged or made smaller, mirrored and turned over.
import { type Cells, eachKind, HEIGHT, type Kind, READ_HEIGHT, READ_WIDTH, WIDTH } from "./blood-images.ts";
import { area, type Box, shared } from "./boxes.ts";
import { COLUMNS, PLACES, ROWS, WANTED, writeMaps } from "./cell-maps.ts";

/** Pixels of what the network sees. */
export const SEEN_WIDTH = 192;
export const SEEN_HEIGHT = 144;
const SEEN = SEEN_WIDTH * SEEN_HEIGHT;

/** A part of an image: from where on, in its pixels, so many times as large as it was; then mirrored and turned over. */
export interface View {
  readonly left: number;
  readonly top: number;
  readonly zoom: number;
  readonly mirrored: boolean;
  readonly turned: boolean;
}

const WHOLE: View = { left: 0, top: 0, zoom: 1, mirrored: false, turned: false };
/** A cell that is cut off stays one, if so much of it is seen. */
const LEAST_PART = 0.35;
const [SMALLEST, LARGEST] = [0.85, 1.3];

/** Numbers from 0 to 1, the same for a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A view anywhere in the image, or around it where it is made smaller. */
export function drawnView(random: () => number): View {
  const zoom = SMALLEST * (LARGEST / SMALLEST) ** random();
  const [left, top] = [WIDTH, HEIGHT].map((side) => random() * (side - side / zoom));
  return { left, top, zoom, mirrored: random() < 0.5, turned: random() < 0.5 };
}

/** A box as it is in a view, where the whole view is as large as an image; undefined where too little of it is seen. */
export function seenBox({ left, top, zoom, mirrored, turned }: View, box: Box): Box | undefined {
  const [x, right] = [box.left, box.right].map((at) => (at - left) * zoom);
  const [y, bottom] = [box.top, box.bottom].map((at) => (at - top) * zoom);
  const part = shared({ left: x, top: y, right, bottom }, { left: 0, top: 0, right: WIDTH, bottom: HEIGHT });
  if (area(part) < LEAST_PART * (right - x) * (bottom - y)) return undefined;
  return {
    left: mirrored ? WIDTH - part.right : part.left,
    right: mirrored ? WIDTH - part.left : part.right,
    top: turned ? HEIGHT - part.bottom : part.top,
    bottom: turned ? HEIGHT - part.top : part.bottom,
  };
}

/** Writes what is seen of an image as planes, linearly between the pixels that were read; outside of the image its border goes on. */
export function writeView(to: Uint8Array, start: number, { pixels }: Cells, view: View): void {
  for (let row = 0; row < SEEN_HEIGHT; row++) {
    const y = place(row, SEEN_HEIGHT, READ_HEIGHT, view.top / HEIGHT, view.zoom, view.turned);
    for (let column = 0; column < SEEN_WIDTH; column++) {
      const x = place(column, SEEN_WIDTH, READ_WIDTH, view.left / WIDTH, view.zoom, view.mirrored);
      const at = start + row * SEEN_WIDTH + column;
      for (let c = 0; c < 3; c++) {
        const line = (row: number) => {
          const first = 3 * (row * READ_WIDTH + x.first) + c;
          const second = 3 * (row * READ_WIDTH + x.second) + c;
          return pixels[first] + (pixels[second] - pixels[first]) * x.share;
        };
        const [above, below] = [line(y.first), line(y.second)];
        to[at + c * SEEN] = Math.round(above + (below - above) * y.share);
      }
    }
  }
}

/** Between which two of `count` pixels the middle of a view's pixel lies, and how near to the second. */
function place(at: number, seen: number, count: number, from: number, zoom: number, isMirrored: boolean) {
  const share = ((isMirrored ? seen - 1 - at : at) + 0.5) / seen;
  const exact = Math.min(count - 1, Math.max(0, (from + share / zoom) * count - 0.5));
  const first = Math.floor(exact);
  return { first, second: Math.min(count - 1, first + 1), share: exact - first };
}

/** Images as the network sees them, and the maps that it is to give. */
export function samplesOf(cells: readonly Cells[], viewOf: () => View = () => WHOLE) {
  const x = new Uint8Array(cells.length * 3 * SEEN);
  const y = new Float32Array(cells.length * WANTED * PLACES);
  cells.forEach((each, i) => {
    const view = viewOf();
    writeView(x, i * 3 * SEEN, each, view);
    const seen = (kind: Kind) => each.boxes[kind].map((box) => seenBox(view, box)).filter((box) => box !== undefined);
    writeMaps(y, i * WANTED * PLACES, eachKind(seen));
  });
  return {
    x: { data: x, shape: [cells.length, 3, SEEN_HEIGHT, SEEN_WIDTH] },
    y: { data: y, shape: [cells.length, WANTED, ROWS, COLUMNS] },
  };
}

/** One pass over the images, in an order and in views of its own, some at a time. */
export function* drawnSamples(cells: readonly Cells[], chunk: number, random: () => number) {
  const order = [...cells];
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [order[i], order[other]] = [order[other], order[i]];
  }
  for (let first = 0; first < order.length; first += chunk)
    yield samplesOf(order.slice(first, first + chunk), () => drawnView(random));
}
