// A page that leaves the worker to simdgrad.
import { spawn } from "simdgrad/worker";
import { train } from "./training.ts";

const threads = new URL(location.href).searchParams.get("threads");
Object.assign(globalThis, { outcome: train(spawn, threads === null ? "auto" : Number(threads)) });
