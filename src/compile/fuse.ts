// Fuse: cuts a graph into groups that become one instruction each (elementwise chains; a product with its epilogue).
// Levels keep it free of cycles: along any path they never fall, and between two nodes of one level lie only edges of one map.
import { MAX_OPERANDS, MAX_OUTPUTS, MAX_SCRATCH_REGISTERS } from "../../assembly/isa/sizes.ts";
import { topological } from "../graph.ts";
import { sameShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { addTo } from "./lists.ts";
import { baseOf, Locations, operandsOf } from "./locations.ts";

/** Nodes that one emission makes. */
export interface Group {
  /** An op of its own instructions: kernel, parts, loop, copied window or broadcast. */
  readonly lead?: Tensor;
  /** Elementwise nodes of one shape, inputs before users; after a lead, its epilogue. */
  readonly maps: readonly Tensor[];
  /** Members that anybody outside reads. */
  readonly results: readonly Tensor[];
  readonly level: number;
  /** Place of the last member in the graph's own order. */
  readonly position: number;
}

export interface Fused {
  readonly order: readonly Tensor[];
  readonly groups: readonly Group[];
  /** The group that makes a node; leaves, views and what is read where its input lies have none. */
  readonly groupOf: ReadonlyMap<Tensor, Group>;
  readonly locations: Locations;
}

// Bounds that a map keeps well inside the block machine's registers: every node may need a scratch block of its own.
const MAX_NODES = MAX_SCRATCH_REGISTERS;
const MAX_INPUTS = MAX_OPERANDS;

/** A map's operand under the broadcast that repeats it. */
function operandOf(input: Tensor): Tensor {
  return input.op.lowering.kind === "broadcast" ? input.inputs[0] : input;
}

function isMap(node: Tensor): boolean {
  return node.op.lowering.kind === "map";
}

function isLeaf(node: Tensor): boolean {
  return node.op.lowering.kind === "leaf";
}

/** Inputs that count: a view has one. */
function inputsOf(node: Tensor): readonly Tensor[] {
  return node.op.lowering.kind === "view" ? node.inputs.slice(0, 1) : node.inputs;
}

/** An edge along which two maps may become one. */
function fusable(from: Tensor, to: Tensor): boolean {
  return isMap(from) && isMap(to) && sameShape(from.shape, to.shape);
}

/** How deep each node lies. */
export function depthsOf(order: readonly Tensor[]): Map<Tensor, number> {
  return levelsOf(order, () => false);
}

/** How deep each node lies; edges that `joins` accepts add nothing. */
function levelsOf(order: readonly Tensor[], joins: (from: Tensor, to: Tensor) => boolean): Map<Tensor, number> {
  const levels = new Map<Tensor, number>();
  const level = (node: Tensor) => levels.get(node) ?? 0;
  for (const node of order) {
    const { kind } = node.op.lowering;
    const inputs = inputsOf(node);
    const passes = kind === "view" || kind === "item" || kind === "window";
    let own = 0;
    for (let i = 0; i < inputs.length; i++) {
      const from = kind === "map" ? operandOf(inputs[i]) : inputs[i];
      own = Math.max(own, level(from) + (passes || joins(inputs[i], node) ? 0 : 1));
    }
    levels.set(node, own);
  }
  return levels;
}

type Users = ReadonlyMap<Tensor, readonly Tensor[]>;

/** Levels under which the edges inside one map add nothing. A map whose readers are all maps of one later level is made there. */
function joinedLevelsOf(order: readonly Tensor[], users: Users): Map<Tensor, number> {
  const levels = levelsOf(order, fusable);
  const level = (node: Tensor) => levels.get(node) ?? 0;
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    const readers = users.get(node) ?? [];
    if (!isMap(node) || readers.length === 0 || !readers.every((reader) => fusable(node, reader))) continue;
    const first = readers.reduce((least, reader) => Math.min(least, level(reader)), Number.POSITIVE_INFINITY);
    levels.set(node, Math.max(level(node), first));
  }
  return levels;
}

function usersOf(order: readonly Tensor[]): Users {
  const users = new Map<Tensor, Tensor[]>();
  for (const node of order) for (const input of inputsOf(node)) addTo(users, input, node);
  return users;
}

/** Sets of maps of one level that hang together by their edges. */
function connect(order: readonly Tensor[], levels: ReadonlyMap<Tensor, number>): Tensor[][] {
  const parent = new Map<Tensor, Tensor>();
  const find = (node: Tensor): Tensor => {
    let root = node;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    for (let at = node; at !== root; ) {
      const up = parent.get(at) as Tensor;
      parent.set(at, root);
      at = up;
    }
    return root;
  };
  for (const node of order) {
    if (!isMap(node)) continue;
    parent.set(node, node);
    for (const input of node.inputs)
      if (fusable(input, node) && levels.get(input) === levels.get(node)) parent.set(find(input), find(node));
  }
  const sets = new Map<Tensor, Tensor[]>();
  for (const node of order) if (isMap(node)) addTo(sets, find(node), node);
  return [...sets.values()].flatMap(split);
}

const MOST_NODES = Math.min(MAX_NODES, MAX_OUTPUTS);

function fits(nodes: readonly Tensor[]): boolean {
  return nodes.length <= MOST_NODES && new Set(operandsOf(nodes).map(operandOf)).size <= MAX_INPUTS;
}

/** Parts that fit the block machine's registers; in graph order, so edges between them only go forward. */
function split(nodes: Tensor[]): Tensor[][] {
  if (fits(nodes)) return [nodes];
  const parts: Tensor[][] = [];
  let part: Tensor[] = [];
  let operands = new Set<Tensor>();
  for (const node of nodes) {
    const added = node.inputs.filter((input) => !part.includes(input)).map(operandOf);
    const union = new Set([...operands, ...added]);
    if (part.length > 0 && (union.size > MAX_INPUTS || part.length + 1 > MOST_NODES)) {
      parts.push(part);
      part = [];
      operands = new Set(node.inputs.map(operandOf));
    } else operands = union;
    part.push(node);
  }
  parts.push(part);
  return parts;
}

/** Groups of the graph under `roots`; `join` false keeps every node apart. */
export function fuse(roots: readonly Tensor[], join: boolean): Fused {
  const order = topological(roots);
  const position = new Map(order.map((node, i) => [node, i]));
  const at = (node: Tensor) => position.get(node) as number;
  const users = usersOf(order);
  const levels = join ? joinedLevelsOf(order, users) : depthsOf(order);
  const level = (node: Tensor) => levels.get(node) as number;
  const outside = new Set(roots.map(baseOf));

  const sets = join ? connect(order, levels) : order.filter(isMap).map((node) => [node]);
  const makeGroup = (lead: Tensor | undefined, maps: readonly Tensor[]): Group => {
    const members = new Set(lead === undefined ? maps : [lead, ...maps]);
    const leaves = (node: Tensor) => outside.has(node) || (users.get(node) ?? []).some((user) => !members.has(user));
    return {
      lead,
      maps,
      results: [...members].filter(leaves),
      level: Math.max(...[...members].map(level)),
      position: Math.max(...[...members].map(at)),
    };
  };

  const epilogues = new Map<Tensor, readonly Tensor[]>();
  const maps: Group[] = [];
  for (const set of sets) {
    const lead = join ? leadOf(set, levels, position, epilogues) : undefined;
    if (lead === undefined) maps.push(makeGroup(undefined, set));
    else epilogues.set(lead, set);
  }
  const carried = [...epilogues].map(([lead, set]) => ({ lead, maps: set }));
  const locations = new Locations(order, users, outside, [...maps, ...carried], join);
  const leads = order.filter((node) => {
    const { kind } = node.op.lowering;
    return kind === "kernel" || kind === "parts" || kind === "loop" || locations.isCopied(node);
  });
  const groups = [...maps, ...leads.map((lead) => makeGroup(lead, epilogues.get(lead) ?? []))];
  const groupOf = new Map<Tensor, Group>();
  for (const group of groups) {
    if (group.lead !== undefined) groupOf.set(group.lead, group);
    for (const node of group.maps) groupOf.set(node, group);
  }
  return { order, groups, groupOf, locations };
}

// An epilogue that reads more whole operands than this (an optimizer's step) drives the product's own blocks out of the cache:
// Adam behind a layer's weight gradient makes a step 14 % slower than Adam as a map of its own (bench/steps.ts, both MLPs).
const MAX_EPILOGUE_OPERANDS = 2;

/** The product that can carry these maps as its epilogue: all else they read is made before it. */
function leadOf(
  maps: readonly Tensor[],
  levels: ReadonlyMap<Tensor, number>,
  position: ReadonlyMap<Tensor, number>,
  taken: ReadonlyMap<Tensor, unknown>,
): Tensor | undefined {
  if (maps.some(({ op: { lowering } }) => lowering.kind === "map" && lowering.indexed)) return undefined;
  const operands = operandsOf(maps);
  const whole = new Set(
    operands.filter(({ shape, op }) => op.lowering.kind !== "broadcast" && sameShape(shape, maps[0].shape)),
  );
  if (whole.size > MAX_EPILOGUE_OPERANDS + 1) return undefined;
  const own = levels.get(maps[0]) as number;
  const carries = ({ op, shape }: Tensor) =>
    op.lowering.kind === "kernel" && op.lowering.epilogue === true && sameShape(shape, maps[0].shape);
  const candidates = operands.filter((node) => carries(node) && levels.get(node) === own - 1 && !taken.has(node));
  const isEarlier = (node: Tensor, lead: Tensor) => {
    const level = levels.get(node) as number;
    return level < own - 1 || (level === own - 1 && (position.get(node) as number) < (position.get(lead) as number));
  };
  return candidates.find((lead) =>
    operands.every((operand) => {
      // Any window on the way may have to be copied before the product is made.
      let node = baseOf(operandOf(operand));
      for (; node.op.lowering.kind === "window"; node = baseOf(operandOf(node.inputs[0])))
        if (!isEarlier(node, lead)) return false;
      if (node === lead) return operand === lead;
      return isLeaf(node) || isEarlier(node, lead);
    }),
  );
}
