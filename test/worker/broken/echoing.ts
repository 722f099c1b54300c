// A worker that serves something else: it sends back what it is sent.
import { nodeThreads } from "../../../src/runtime/wasm/node.ts";

const port = nodeThreads()?.parentPort;
if (port) port.on("message", (message) => port.postMessage(message));
else self.onmessage = ({ data }) => self.postMessage(data);
