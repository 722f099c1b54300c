// A service worker that predicts: it answers at the port that comes with a message.
import { predict } from "./predict.ts";

self.addEventListener("message", ({ data, ports: [port] }: MessageEvent) => {
  predict(data).then(
    (answer) => port.postMessage(answer),
    (error: unknown) => port.postMessage(`${error}`),
  );
});
