// A service worker, in which nothing can be imported later: it trains on its own thread for whoever asks.
import { WasmExecutor } from "simdgrad";
import { train } from "./training.ts";

interface Asked extends MessageEvent {
  waitUntil(promise: Promise<unknown>): void;
}

addEventListener("message", (event) => {
  const [port] = (event as Asked).ports;
  const outcome = train(({ build }) => new WasmExecutor({ threads: 1, build }), 1);
  const told = outcome.then(
    (value) => port.postMessage({ value }),
    (error) => port.postMessage({ error: `${error}` }),
  );
  (event as Asked).waitUntil(told);
});
