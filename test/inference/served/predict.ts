// What workers of the tests answer: what a bundle predicts, by the build that came with them, and what comes of one that has to be imported.
import { Predictor as Picking } from "../../../src/predictor/index.ts";
import { type Numbers, Predictor } from "../../../src/predictor/portable/index.ts";

export interface Asked {
  readonly bytes: Uint8Array;
  readonly x: Float32Array;
}

export interface Answer {
  readonly y: Numbers;
  /** The build of the one that picks, or why there is none. */
  readonly picked: string;
}

export async function predict({ bytes, x }: Asked): Promise<Answer> {
  const predictor = await Predictor.load(bytes);
  const y = predictor.predict(x);
  predictor.dispose();
  const picked = await Picking.load(bytes).then(
    ({ build }) => build,
    (error: Error) => `${error.name}: ${error.message}`,
  );
  return { y, picked };
}
