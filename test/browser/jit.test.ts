// Code made for one program has its bits in this engine, too.
import { hasRelaxedSimd } from "../../src/runtime/features.ts";
import { jitTests } from "../runtime/jit.ts";

jitTests(hasRelaxedSimd() ? ["relaxed", "portable"] : ["portable"]);
