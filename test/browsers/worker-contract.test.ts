// Executors in workers of pages keep the contract of all executors. Here and not in test/browser: each test starts a worker of its own.
import { connect } from "simdgrad/worker";
import { executorContract } from "../runtime/contract.ts";

executorContract("an executor in a worker of a page", (options) =>
  connect(() => new Worker(new URL("../worker/trusting.ts", import.meta.url), { type: "module" }), {
    ...options,
    threads: 1,
    build: "portable",
  }),
);
