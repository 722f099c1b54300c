// One case on the JavaScript machine, in a process of its own: `node child.ts NAME float32|float64`. It sends its results, and for
// every message it gets the seconds of a step. The oracle and the baseline never share a process: two kinds of arrays halve V8's speed.
import { createJsMachine } from "../../src/runtime/js/machine.ts";
import { Space } from "../../src/runtime/space.ts";
import { cases } from "./cases.ts";
import { Subject } from "./subject.ts";

const [name, precision] = process.argv.slice(2);
const wanted = cases.get(name);
if (wanted === undefined || (precision !== "float32" && precision !== "float64"))
  throw new RangeError(`no case ${name} in ${precision}`);
const machine = createJsMachine(precision);
const subject = await Subject.of(machine, new Space(machine, false), wanted);
process.send?.(subject.results);
process.on("message", () => process.send?.(subject.sample()));
