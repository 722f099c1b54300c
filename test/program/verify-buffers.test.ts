// Programs whose buffers are broken.

import { dense, maps } from "../compile/programs.ts";
import { type Broken, rejects } from "./broken.ts";

const buffers: readonly Broken[] = [
  ["of a negative region", maps, (d) => d.change({ arenaWords: -16 }), "verifyProgram: program.arenaWords is -16"],
  ["of half a word", maps, (d) => d.change({ ioWords: 16.5 }), "verifyProgram: program.ioWords is 16.5"],
  [
    "with a gap before the variables",
    dense,
    (d) => d.variable(0, { offset: 32 }),
    "the first variable lies at word 32, not 16",
  ],
  [
    "with variables that overlap",
    dense,
    (d) => d.variable(1, { offset: 16 }),
    "variable b: word 16 is not beyond what comes before it",
  ],
  [
    "with outputs out of order",
    dense,
    ({ program }) => program.outputs.reverse(),
    "output total: word 10928 is not beyond what comes before it",
  ],
  ["without padding", dense, (d) => d.variable(1, { words: 3 }), "variable b: 3 words are not padded"],
  ["too small for their tensors", dense, (d) => d.input(0, { words: 16 }), "input x: has 16 words for 10924"],
  ["that are not aligned", maps, (d) => d.output(0, { offset: 40 }), "output y: word 40 is not aligned"],
  ["outside their region", maps, (d) => d.change({ ioWords: 48 }), "output y: ends at word 64 of 48"],
  [
    "with an input in an output's place",
    maps,
    (d) => d.input(0, { offset: 32 }),
    "slot y: word 32 is not beyond what comes before it",
  ],
  [
    "with a shape that is none",
    maps,
    (d) => d.input(0, { shape: [4, -5] }),
    "verifyProgram: program: inputs.0.shape is [4, -5]",
  ],
  [
    "of an unknown dtype",
    maps,
    (d) => d.input(0, { dtype: "f16" as "f32" }),
    'verifyProgram: program: inputs.0.dtype is "f16"',
  ],
  [
    "with one key for two variables",
    dense,
    ({ program }) => program.variables.map((each) => Object.assign(each, { key: "k" })),
    "two variables have the key k",
  ],
  ["with one name for two slots", maps, (d) => d.output(0, { name: "x" }), "two inputs or outputs are called x"],
  [
    "that log what is no scalar",
    dense,
    (d) => d.change({ logged: ["total", "y"] }),
    "logs total,y, its scalar outputs are total",
  ],
  [
    "that log from the wrong word",
    dense,
    (d) => d.change({ logOffset: 48 }),
    "total is logged from word 48, but lies at 10928",
  ],
  [
    "with constants in another type",
    maps,
    (d) => d.constant(0, { data: new Int32Array(4) }),
    "constant 0: f32 in a Int32Array",
  ],
  [
    "with constants longer than their place",
    maps,
    (d) => d.constant(0, { data: new Float64Array(17) }),
    "constant 0: has 16 words for 17",
  ],
  [
    "with constants that overlap",
    maps,
    (d) => d.constant(1, { offset: 0 }),
    "constant 1: word 0 is not beyond what comes before it",
  ],
];

rejects("programs", buffers);
