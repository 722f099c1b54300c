// A page that starts the worker itself, from the one file that was copied beside the page.
import { connect } from "simdgrad/worker";
import { train } from "./training.ts";

const threads = new URL(location.href).searchParams.get("threads");
const start = () => new Worker("/simdgrad-worker.js", { type: "module" });
const outcome = train((options) => connect(start, options), threads === null ? "auto" : Number(threads));
Object.assign(globalThis, { outcome });
