// Pages whose simdgrad comes from another origin, in one engine.
import { inject } from "vitest";
import { testElsewhere } from "../elsewhere/suite.ts";
import { engines } from "./engines.ts";

const engine = engines.find(({ name }) => name === inject("engine"));
if (engine === undefined) throw new Error("no such engine");
testElsewhere(engine.start, engine.features.sharedMemory);
