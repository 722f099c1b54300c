// A page whose service worker trains.
import type { Outcome } from "./training.ts";

async function outcomeOf(): Promise<Outcome> {
  await navigator.serviceWorker.register("/interop/app/service-worker.js", { type: "module" });
  const scope = await navigator.serviceWorker.getRegistration("/interop/app/");
  const worker = scope?.installing ?? scope?.waiting ?? scope?.active;
  if (!worker) throw new Error("there is no service worker");
  const { port1, port2 } = new MessageChannel();
  worker.postMessage("train", [port2]);
  const { data } = await new Promise<MessageEvent>((resolve) => {
    port1.onmessage = resolve;
  });
  if (data.error) throw new Error(data.error);
  return data.value;
}

Object.assign(globalThis, { outcome: outcomeOf() });
