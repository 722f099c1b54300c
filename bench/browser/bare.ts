// A bare worker: the same training, with nobody between it and its executor.
import { WasmExecutor } from "../../src/index.ts";
import { networks } from "../networks.ts";
import { startOf, trainerOf } from "../start.ts";
import { type Slices, slicesOf } from "./slices.ts";

let slices: Slices | undefined;

self.onmessage = async ({ data }: MessageEvent<string | number>) => {
  if (typeof data === "string") {
    const network = networks[data];
    slices = await slicesOf(await trainerOf(await startOf(network), new WasmExecutor({ threads: 1 })), network.batch);
    self.postMessage(0);
  } else self.postMessage(await slices?.train(data));
};
