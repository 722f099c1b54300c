// What portable.test.ts bundles and runs in Node 20: prints where it ran and what came out.
import { WasmExecutor } from "simdgrad";
import { layerHashes } from "./layers.ts";
import { initialsHash, parametersHash } from "./train.ts";

const executor = new WasmExecutor();
const node = Number(process.versions.node.split(".")[0]);
const [hash, initials] = [await parametersHash(executor), await initialsHash(executor)];
const layers = await layerHashes(executor);
console.log(JSON.stringify({ node, executor: executor.info.name, hash, initials, layers }));
