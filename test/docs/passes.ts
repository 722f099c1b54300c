// One small network through every pass of the compiler, printed after each: the generated parts of src/compile/README.md.
import * as opcodes from "../../assembly/isa/opcode.ts";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { encode } from "../../src/compile/encode.ts";
import { type Fused, fuse, type Group } from "../../src/compile/fuse.ts";
import { lower } from "../../src/compile/lower.ts";
import { mergeSmallMaps } from "../../src/compile/merge.ts";
import { arrange } from "../../src/compile/phases.ts";
import { timeline, wordsOf } from "../../src/compile/plan.ts";
import { Buffers, Scope } from "../../src/compile/scope.ts";
import { simplify } from "../../src/compile/simplify.ts";
import { input } from "../../src/create.ts";
import { printGraph } from "../../src/graph.ts";
import { crossEntropy, evaluationContext, Linear, parameters, relu, Sequential } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { type Buffer, type Instruction, type Item, isLoop } from "../../src/program/lir.ts";
import { printProgram } from "../../src/program/print-program.ts";
import type { Program, ProgramSlot } from "../../src/program/program.ts";
import { sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";

/** One step of gradient descent on a network of 16, 12 and 2 units, as src/compile/README.md writes it. */
function example() {
  const model = new Sequential(new Linear(16, 12), relu, new Linear(12, 2));
  const [x, y] = [input([64, 16], "f32", "x"), input([64], "i32", "y")];
  const weights = parameters(model);
  const names = new Map([...weights].map(([path, variable]) => [variable, path]));
  const loss = crossEntropy(model.forward(x, evaluationContext()), y, { ignoreIndex: null });
  const optimizer = sgd(0.1);
  const list = [...weights.values()];
  const assignments = optimizer.update(grad(loss, list), optimizer.init(list), list);
  return { inputs: { x, y }, outputs: { loss }, assignments, names };
}

/** The pass pipeline of compile.ts once more, with everything in between; its offsets of leaves are the program's. */
function passes() {
  const computation = example();
  const { inputs, outputs, assignments, names } = computation;
  const program = compile(computation);
  const roots = [outputs.loss, ...assignments.map(([, value]) => value)];
  const simple = simplify(roots);
  const leaves = new Leaves(program);
  leaves.get(inputs.x);
  leaves.get(inputs.y);
  const { dtype, shape } = outputs.loss;
  const target = leaves.buffers.create(sizeOf(shape), dtype, "loss", 0, "io");
  target.offset = program.outputs[0].offset;
  const scope = new Scope(leaves.buffers);
  const wanted = {
    outputs: [{ value: simple[0], target }],
    overwrites: assignments.map(([old], i) => ({ old, value: simple[i + 1], target: leaves.get(old) })),
  };
  lower(scope, wanted, { optimize: true, leaf: (node) => leaves.get(node), names });
  const { items, arenaWords } = arrange(mergeSmallMaps(scope.items));
  return { program, names, roots, simple, fused: fuse(simple, true), items, arenaWords };
}

/** Buffers of leaves, made as they are met, in the places that a program gave them. */
class Leaves {
  readonly buffers = new Buffers();
  readonly #known = new Map<Tensor, Buffer>();
  readonly #next: Record<
    "io" | "state" | "constants",
    Iterator<Pick<ProgramSlot, "offset"> & { readonly name?: string }>
  >;

  constructor({ inputs, variables, constants }: Program) {
    this.#next = { io: inputs.values(), state: variables.values(), constants: constants.values() };
  }

  get(node: Tensor): Buffer {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const { lowering } = node.op;
    const place = lowering.kind === "leaf" ? lowering.place : "captured";
    const region = place === "input" ? "io" : place === "variable" ? "state" : "constants";
    const slot = this.#next[region].next().value;
    const { scalar } = (node.attrs ?? {}) as { readonly scalar?: number };
    const buffer = this.buffers.create(sizeOf(node.shape), node.dtype, slot?.name ?? `${scalar}`, 0, region);
    buffer.offset = slot?.offset ?? 0;
    this.#known.set(node, buffer);
    return buffer;
  }
}

function printGroups({ order, groups }: Fused): string {
  const number = new Map(order.map((node, i) => [node, i]));
  const show = (node: Tensor) => `%${number.get(node)} ${node.op.name}`;
  const line = ({ level, lead, maps, results }: Group) => {
    const epilogue = maps.map(show).join(", ");
    const work = lead === undefined ? `map ${epilogue}` : show(lead) + (epilogue && ` with ${epilogue}`);
    return `level ${level}: ${work} -> ${results.map((node) => `%${number.get(node)}`).join(", ")}`;
  };
  return [...groups]
    .sort((a, b) => a.position - b.position)
    .map(line)
    .join("\n");
}

function printItems(items: readonly Item[]): string {
  const names = new Map(Object.entries(opcodes).map(([name, code]) => [code as number, name]));
  const show = ({ id, label }: Buffer) => `b${id} ${label}`;
  const line = (instruction: Instruction, i: number) => {
    const { opcode, reads, writes } = instruction;
    return `${i} ${names.get(opcode)} ${reads.map(show).join(", ")} -> ${writes.map(show).join(", ")}`;
  };
  return items
    .flatMap((item) => (isLoop(item) ? [] : [item]))
    .map(line)
    .join("\n");
}

function printPlan(items: readonly Item[], arenaWords: number): string {
  const { lives } = timeline(items);
  const rows = [...lives].filter(([{ region }]) => region === "arena");
  const lines = rows.map(([{ id, label, size, dtype, offset }, { start, end }]) => {
    const place = `${offset}..${offset + wordsOf(size, dtype) - 1}`;
    return `words ${place.padEnd(8)} instructions ${`${start}..${end}`.padEnd(7)} b${id} ${label}`;
  });
  return [...lines, `arena: ${arenaWords} words`].join("\n");
}

/** The generated parts, by name, and the program that they end in. */
export function passBlocks() {
  const { program, names, roots, simple, fused, items, arenaWords } = passes();
  const fence = (text: string) => `\`\`\`text\n${text}\n\`\`\``;
  const blocks = new Map([
    ["graph", fence(printGraph(roots, names))],
    ["simplify", fence(printGraph(simple, names))],
    ["fuse", fence(printGroups(fused))],
    ["lower", fence(printItems(items))],
    ["plan", fence(printPlan(items, arenaWords))],
    ["program", fence(printProgram(program))],
  ]);
  return { blocks, program, code: encode(items).code, arenaWords };
}
