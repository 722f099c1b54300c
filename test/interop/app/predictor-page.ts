// A page that writes a bundle and has a service worker predict from it. What came of it is in `window.outcome`, as of all pages here.
import { Predictor } from "simdgrad/predictor";
import { bundled } from "./bundled.ts";
import { hashOf, rows } from "./predicting.ts";

async function inServiceWorker(bytes: Uint8Array): Promise<unknown> {
  const script = new URL("./predicting-worker.js", import.meta.url);
  await navigator.serviceWorker.register(script, { type: "module" });
  const scope = await navigator.serviceWorker.getRegistration(script);
  const worker = scope?.installing ?? scope?.waiting ?? scope?.active;
  await new Promise<void>((resolve) => {
    if (worker?.state === "activated") resolve();
    worker?.addEventListener("statechange", () => worker.state === "activated" && resolve());
  });
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  worker?.postMessage(bytes, [port2]);
  return answer;
}

async function run(): Promise<unknown> {
  const bytes = await bundled();
  const page = await Predictor.load(bytes, { build: "portable" });
  return { page: hashOf(page.predict(rows)), serviceWorker: await inServiceWorker(bytes) };
}

Object.assign(window, { outcome: run().catch((error: unknown) => `${error}`) });
