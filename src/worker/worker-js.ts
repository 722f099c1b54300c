// The file that workers run where there is no SIMD, or JavaScript is asked for. In dist/ it is all in one, without WebAssembly (build.mjs).
import { serveAsWorker } from "./serve.ts";

serveAsWorker();
