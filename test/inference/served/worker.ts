// A worker that predicts.
import { predict } from "./predict.ts";

self.onmessage = async ({ data }) => self.postMessage(await predict(data));
