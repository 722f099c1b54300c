// Every executor of this thread keeps the contract.
import { JsExecutor } from "../../src/runtime/js/js-executor.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { executorContract } from "./contract.ts";

executorContract("JsExecutor, float64", (options) => new JsExecutor({ ...options, precision: "float64" }));
executorContract("JsExecutor, float32", (options) => new JsExecutor({ ...options, precision: "float32" }));
executorContract("WasmExecutor, relaxed", (options) => new WasmExecutor({ ...options, build: "relaxed" }));
executorContract("WasmExecutor, portable", (options) => new WasmExecutor({ ...options, build: "portable" }));
