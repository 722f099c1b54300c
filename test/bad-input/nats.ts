// What simdgrad/nats exports, with right arguments.
import * as nats from "../../src/nats/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";
