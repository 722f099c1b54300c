// What profile-loops.test.ts runs in a process of its own: the profile of a program whose loops read what earlier ones gave out, as JSON.
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { evaluationContext, variables } from "../../src/nn/module.ts";
import { LSTM } from "../../src/nn/recurrent.ts";
import { profile } from "../../src/runtime/profile.ts";

const [layer, sequence] = [new LSTM(8, 16), constant(new Float32Array(5 * 3 * 8).fill(0.5)).reshape([5, 3, 8])];
const slopes = grad(layer.forward(sequence, evaluationContext()).square().sum(), [...variables(layer).values()]);
const program = compile({ outputs: Object.fromEntries(slopes.entries()) });
const rows = await profile(program, { build: "js", steps: 1 });
console.log(JSON.stringify({ code: [...program.code], rows }));
