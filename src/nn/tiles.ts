// A function of a sequence, tile by tile: a loop whose memory is that of one tile, however long the sequence. Backward computes each tile again,
// pulls its cotangent back, and adds up what it has for what all tiles read (Rabe and Staats, "Self-attention does not need O(n^2) memory",
// 2021; Chen et al. 2016). For attention, a tile of queries sees all keys at once, so its softmax is the plain one.
import { applied, customGradient, grad } from "../autodiff.ts";
import { type ScanStep, scan } from "../ops/loop.ts";
import { arange, scalar, type Tensor } from "../tensor.ts";

/** Rows of a tile. */
const ROWS = 64;

/** What a function reads: of a sequence [..., L, E] the tiles, of anything else all of it. */
export interface Read {
  readonly tensor: Tensor;
  readonly isSequence: boolean;
}

/** The function of one tile: of its parts, in their order, of the places it holds, i32 [rows], and of its number, i32 []. */
export type Tile = (parts: readonly Tensor[], places: Tensor, number: Tensor) => Tensor;

/** A tile as the loops find it. */
interface Found {
  /** What of `read` it has. */
  readonly parts: readonly Tensor[];
  /** The tiles of other sequences. */
  readonly others: readonly Tensor[];
  /** The function, of such parts. */
  readonly of: (parts: readonly Tensor[]) => Tensor;
}

/**
 * What `tile` makes of a sequence of a length, [..., length, E], of f32 tensors `read`, by which it is differentiated, and of `fixed` ones, by
 * which it is not.
 */
export function byTiles(length: number, read: readonly Read[], fixed: readonly Read[], tile: Tile): Tensor {
  const count = Math.ceil(length / ROWS);
  const isCut = [...read, ...fixed].map(({ isSequence }) => isSequence);
  /** Goes through all tiles of `tensors`, which stand for those read, and of other sequences. */
  const loop = (
    tensors: readonly Tensor[],
    others: readonly Tensor[],
    sums: readonly Tensor[],
    step: (found: Found, sums: readonly Tensor[]) => ScanStep,
  ) => {
    const all = [...tensors, ...fixed.map(({ tensor }) => tensor)];
    const cut = all.filter((_, i) => isCut[i]).map((each) => tilesOf(each, count));
    const sequences = [arange(count), ...cut, ...others.map((each) => tilesOf(each, count))];
    return scan(
      (before, [number, ...own]) => {
        const tiles = own.slice(0, cut.length);
        const parts = all.map((each, i) => (isCut[i] ? (tiles.shift() as Tensor) : each));
        const places = number.mul(ROWS).add(arange(ROWS));
        const of = (given: readonly Tensor[]) => tile([...given, ...parts.slice(read.length)], places, number);
        return step({ parts: parts.slice(0, read.length), others: own.slice(cut.length), of }, before);
      },
      sums,
      sequences,
    );
  };
  const whole = customGradient(
    (...tensors) => {
      const { outputs } = loop(tensors, [], [], ({ of, parts }) => ({ carries: [], outputs: [of(parts)] }));
      return sequenceOf(outputs[0], length);
    },
    (cotangent, tensors) => {
      const zeros = tensors.flatMap(({ shape }, i) => (isCut[i] ? [] : [scalar(0).broadcastTo(shape)]));
      const { carries, outputs } = loop(tensors, [cotangent], zeros, ({ of, parts, others: [pulled] }, sums) => {
        const { value, places } = applied((...own) => of(own), parts, "attention");
        const slopes = grad(value, places, { cotangent: pulled });
        const shares = slopes.filter((_, i) => !isCut[i]);
        return {
          carries: sums.map((sum, i) => sum.add(shares[i])),
          outputs: slopes.filter((_, i) => isCut[i]),
        };
      });
      const [sums, tiles] = [[...carries], [...outputs]];
      return read.map((_, i) => (isCut[i] ? sequenceOf(tiles.shift() as Tensor, length) : (sums.shift() as Tensor)));
    },
  );
  return whole(...read.map(({ tensor }) => tensor));
}

/** [tiles, ..., ROWS, E] of a sequence [..., L, E], the last one filled with zeros. */
function tilesOf(x: Tensor, count: number): Tensor {
  const { shape } = x;
  const [length, size] = shape.slice(-2);
  const missing = count * ROWS - length;
  const filled = missing === 0 ? x : x.pad(shape.map((_, i) => [0, i === shape.length - 2 ? missing : 0] as const));
  const lead = shape.length - 2;
  const cut = filled.reshape([...shape.slice(0, -2), count, ROWS, size]);
  return cut.permute([lead, ...Array.from({ length: lead }, (_, i) => i), lead + 1, lead + 2]);
}

/** The sequence [..., length, E] of tiles. */
function sequenceOf(tiles: Tensor, length: number): Tensor {
  const [count, ...shape] = tiles.shape;
  const lead = shape.length - 2;
  const order = [...Array.from({ length: lead }, (_, i) => i + 1), 0, lead + 1, lead + 2];
  const [rows, size] = shape.slice(-2);
  return tiles
    .permute(order)
    .reshape([...shape.slice(0, -2), count * rows, size])
    .narrow(-2, 0, length);
}
