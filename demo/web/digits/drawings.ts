// What a visitor drew and named, among the digits that a network learns from.
import { type DigitSet, PIXELS } from "./data.ts";

export interface Drawing {
  /** 784 bytes. */
  readonly image: Uint8Array;
  /** What its visitor says that it is. */
  readonly digit: number;
}

const SIDE = 28;
/** Pixels that copies are moved by at the most, across and down. */
const REACH = 2;

/** Every so many-th digit of a set, and 25 copies of each drawing: as it is, and moved by up to two pixels. */
export function withDrawings(set: DigitSet, drawings: readonly Drawing[], every: number): DigitSet {
  const own = Array.from({ length: Math.ceil(set.rows / every) }, (_, i) => i * every);
  const copies = drawings.flatMap(({ image, digit }) => moved(image).map((copy) => ({ copy, digit })));
  const rows = own.length + copies.length;
  const images = new Uint8Array(PIXELS * rows);
  own.forEach((row, i) => {
    images.set(set.x.data.subarray(PIXELS * row, PIXELS * (row + 1)), PIXELS * i);
  });
  copies.forEach(({ copy }, i) => {
    images.set(copy, PIXELS * (own.length + i));
  });
  const digits = Uint8Array.from([...own.map((row) => set.y.data[row]), ...copies.map(({ digit }) => digit)]);
  return { x: { data: images, shape: [rows, PIXELS] }, y: { data: digits, shape: [rows] }, rows };
}

/** An image, moved in every way. */
function moved(image: Uint8Array): Uint8Array[] {
  const way = Array.from({ length: 2 * REACH + 1 }, (_, i) => i - REACH);
  return way.flatMap((down) => way.map((across) => shifted(image, across, down)));
}

/** What leaves the image is gone; paper comes in. */
function shifted(image: Uint8Array, across: number, down: number): Uint8Array {
  return Uint8Array.from(image, (_, i) => {
    const column = (i % SIDE) - across;
    const row = Math.floor(i / SIDE) - down;
    return column < 0 || column >= SIDE || row < 0 || row >= SIDE ? 0 : image[row * SIDE + column];
  });
}
