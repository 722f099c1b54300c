// The executors keep the contract in a page, too, where turns come by messages.
import { JsExecutor, WasmExecutor } from "simdgrad";
import { executorContract } from "../runtime/contract.ts";

executorContract("WasmExecutor, relaxed, in a page", (options) => new WasmExecutor({ ...options, build: "relaxed" }));
executorContract("WasmExecutor, portable, in a page", (options) => new WasmExecutor({ ...options, build: "portable" }));
executorContract("JsExecutor in a page", (options) => new JsExecutor(options));
