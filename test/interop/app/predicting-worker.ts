// A service worker that predicts: it answers a message of a bundle's bytes, at the port that comes with it, by the hash of what it gives.
import { Predictor } from "simdgrad/predictor/portable";
import { hashOf, rows } from "./predicting.ts";

self.addEventListener("message", ({ data, ports: [port] }: MessageEvent) => {
  Predictor.load(data).then(
    (predictor) => port.postMessage(hashOf(predictor.predict(rows))),
    (error: unknown) => port.postMessage(`${error}`),
  );
});
