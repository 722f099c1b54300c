// What a visitor chooses, as the address says it.
import { Address, choice, type Field, list, seed, whole } from "../shared/address.ts";
import { type Data, EDGE, type Game, type Point } from "./gan.ts";

export type PartName = "vae" | "gan";

/** Points of the visitor's at the most. */
export const MOST_POINTS = 48;

/** A point in hundredths, so that it is the same in every address. */
export function pointAt(x: number, y: number): Point {
  const kept = (value: number) => Math.round(100 * Math.min(Math.max(value, -EDGE), EDGE)) / 100;
  return [kept(x), kept(y)];
}

const point: Field<Point> = {
  fallback: [0, 0],
  parse(text) {
    const [x, y, ...more] = text.split(":").map((each) => (each === "" ? Number.NaN : Number(each)));
    const isPoint = more.length === 0 && Math.abs(x) <= EDGE && Math.abs(y) <= EDGE;
    return isPoint ? pointAt(x, y) : undefined;
  },
  write: ([x, y]) => `${x}:${y}`,
};

export function imaginationAddress() {
  return new Address({
    part: choice<PartName>("vae", ["vae", "gan"]),
    data: choice<Data>("ring", ["ring", "spiral", "own"]),
    game: choice<Game>("standard", ["standard", "wasserstein"]),
    points: list<Point>([], point, MOST_POINTS),
    seed,
    steps: whole(0, 0, 10_000_000),
  });
}
