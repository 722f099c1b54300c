// A script for Node, Deno and Bun: predicts from a bundle by all entries, prints what came of it, and must end by itself.
import { Predictor } from "simdgrad/predictor";
import { Predictor as Portable } from "simdgrad/predictor/portable";
import { Predictor as Relaxed } from "simdgrad/predictor/relaxed";
import { bundled } from "./bundled.ts";
import { hashOf, PREDICTED_HASH, rows } from "./predicting.ts";

const bytes = await bundled();
const portable = await Portable.load(bytes);
const hash = hashOf(portable.predict(rows));
portable.dispose();
const picked = await Predictor.load(bytes);
const near = picked.predict(rows).data.every(Number.isFinite);
const relaxed = await Relaxed.load(bytes).then(
  ({ build }) => build,
  (error: Error) => error.name,
);
console.log(JSON.stringify({ right: hash === PREDICTED_HASH, picked: picked.build, near, relaxed }));
