// A worker that serves well, and uses up its memory after a while: bit by bit, so that Node notices in time.
import { serveAsWorker } from "../../../src/worker/serve.ts";

serveAsWorker();
const all: number[][] = [];
function grow(): void {
  for (let i = 0; i < 200; i++) all.push(new Array<number>(100).fill(0.5));
  setImmediate(grow);
}
setTimeout(grow, 1500);
