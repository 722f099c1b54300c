// What portable.test.ts bundles and runs in Node 20: prints where it ran and what came out.
import { WasmExecutor } from "simdgrad";
import { parametersHash } from "./train.ts";

const executor = new WasmExecutor();
const hash = await parametersHash(executor);
console.log(JSON.stringify({ node: Number(process.versions.node.split(".")[0]), executor: executor.info.name, hash }));
