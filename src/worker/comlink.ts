// The one door to Comlink, and its endpoint for workers of Node. The build puts Comlink itself into this module's output, so that
// the package works from a static server as it is.
import type { Endpoint } from "comlink";
import type { NodePort } from "./workers.ts";

export { type Endpoint, expose, type Remote, releaseProxy, transfer, wrap } from "comlink";

/** A worker of Node, or the port to its parent, as an endpoint. */
export function nodeEndpoint(port: NodePort): Endpoint {
  const listeners = new Map<unknown, (data: unknown) => void>();
  return {
    postMessage: (message, transfer) => port.postMessage(message, transfer as never),
    addEventListener(_, listener) {
      const call = typeof listener === "function" ? listener : listener.handleEvent.bind(listener);
      const heard = (data: unknown) => call({ data } as MessageEvent);
      listeners.set(listener, heard);
      port.on("message", heard);
    },
    removeEventListener(_, listener) {
      const heard = listeners.get(listener);
      if (heard !== undefined) port.off("message", heard);
      listeners.delete(listener);
    },
  };
}
