// What is known of the classes and functions that files name: each has a line here that says what it would have made. All others become
// objects that tell what they would have been called with. None is ever looked for, loaded or called.
import type { Cursor } from "./cursor.ts";
import { Budget, type Host } from "./pickle.ts";
import { dtypeOfStorage, scalarOf, type TorchStorage, type View, Views, viewOf } from "./tensors.ts";
import {
  isMap,
  isTensor,
  kindOf,
  shortened,
  TorchName,
  TorchObject,
  type TorchTensor,
  type TorchValue,
} from "./values.ts";

/** Finds storages: what a file says of one, and its bytes. */
export type FindStorage = (id: readonly TorchValue[], dtype: string, cursor: Cursor) => TorchStorage;

interface Room {
  readonly budget: Budget;
  readonly views: Views;
}

/** Makes a value of arguments; undefined where they are not what it takes. @throws DataError */
type Maker = (args: readonly TorchValue[], room: Room, cursor: Cursor) => TorchValue | undefined;

/** What stands for what a file names, of a file of so many bytes. */
export function hostOf(bytes: number, find: FindStorage): Host {
  const room = { budget: new Budget(bytes), views: new Views(bytes) };
  return {
    made(name, args, cursor) {
      const refusal = refusals.get(name);
      if (refusal !== undefined) throw cursor.fault(`${refusal}, before byte ${cursor.at}`);
      return makers.get(name)?.(args, room, cursor) ?? new TorchObject(name, args);
    },
    persistent(id, cursor) {
      if (!Array.isArray(id)) throw cursor.fault(`${kindOf(id)} stands for a storage, before byte ${cursor.at}`);
      const [kind, given] = id as readonly TorchValue[];
      // The class of a module, with its source beside it.
      if (kind === "module" && given instanceof TorchName) return given;
      if (kind !== "storage")
        throw cursor.fault(`${kindOf(kind ?? null)} stands for a storage, before byte ${cursor.at}`);
      return find(id, dtypeOfStorage(given ?? null, cursor), cursor);
    },
  };
}

/** Tensors that are no arrays of numbers. */
const refusals = new Map([
  ...["sparse_tensor", "sparse_csr_tensor", "sparse_coo_tensor", "sparse_compressed_tensor"].map(
    (name) => [`torch._utils._rebuild_${name}`, "a sparse tensor is not read: to_dense() gives one that is"] as const,
  ),
  ["torch._utils._rebuild_qtensor", "a quantised tensor is not read: dequantize() gives one that is"],
  ["torch._utils._rebuild_nested_tensor", "a nested tensor is not read: to_padded_tensor(0) gives one that is"],
  ["torch._utils._rebuild_meta_tensor_no_storage", "a tensor on the device meta has no numbers"],
  ["torch._utils._rebuild_wrapper_subclass", "a tensor of a subclass without a storage is not read"],
]);

function made(view: View, { views }: Room, cursor: Cursor): TorchValue {
  return views.tensorOf(view, cursor);
}

/** Functions that make tensors of storages. */
const tensorMakers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  [
    "torch._utils._rebuild_tensor",
    (args, room, cursor) => made(viewOf(args.slice(0, 4), undefined, cursor), room, cursor),
  ],
  ["torch._utils._rebuild_tensor_v2", (args, room, cursor) => made(viewOf(args, undefined, cursor), room, cursor)],
  ["torch._utils._rebuild_tensor_v3", (args, room, cursor) => made(viewOf(args, args[6], cursor), room, cursor)],
]);

/** A parameter is its tensor. */
const parameter: Maker = ([data, requiresGrad]) =>
  isTensor(data) ? withGradient(data, requiresGrad !== false) : undefined;

function withGradient(tensor: TorchTensor, requiresGrad: boolean): TorchTensor {
  return { ...tensor, requiresGrad };
}

const dictionary: Maker = ([given], { budget }, cursor) => {
  if (given === undefined) return new Map();
  budget.spend(countOf(given), cursor);
  return isMap(given) || isPairs(given) ? new Map(given) : undefined;
};

/** How many values are looked at, or copied. */
function countOf(given: TorchValue): number {
  if (typeof given === "string" || given instanceof Uint8Array || Array.isArray(given)) return given.length;
  return isMap(given) || given instanceof Set ? given.size : 0;
}

function isPairs(given: TorchValue): given is readonly [TorchValue, TorchValue][] {
  return Array.isArray(given) && given.every((pair) => Array.isArray(pair) && pair.length === 2);
}

const set: Maker = ([given = []], { budget }, cursor) => {
  budget.spend(countOf(given), cursor);
  return Array.isArray(given) || given instanceof Set ? new Set<TorchValue>(given) : undefined;
};

const list: Maker = ([given = []], { budget }, cursor) => {
  budget.spend(countOf(given), cursor);
  return Array.isArray(given) ? [...given] : undefined;
};

/** Bytes, which protocols before 3 write as texts. */
const bytes: Maker = ([given, encoding = "latin1"], { budget }, cursor) => {
  if (given === undefined) return new Uint8Array();
  budget.spend(countOf(given), cursor);
  if (given instanceof Uint8Array) return Uint8Array.from(given);
  const isLatin = encoding === "latin1" || encoding === "latin-1";
  return typeof given === "string" && isLatin ? Uint8Array.from(given, (letter) => letter.charCodeAt(0)) : undefined;
};

const numpyNumber: Maker = ([dtype, value]) => scalarOf(dtype ?? null, value ?? null);

/** The allow-list. */
const makers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ...tensorMakers,
  ["torch._utils._rebuild_parameter", parameter],
  ["torch._utils._rebuild_parameter_with_state", parameter],
  ["torch.nn.parameter.Parameter", parameter],
  // A tensor with attributes, or of a subclass: what it is made by comes first.
  [
    "torch._tensor._rebuild_from_type_v2",
    ([by, , args], room, cursor) => {
      const maker = by instanceof TorchName ? tensorMakers.get(by.name) : undefined;
      return Array.isArray(args) ? maker?.(args, room, cursor) : undefined;
    },
  ],
  ["torch.Size", list],
  [
    "torch.device",
    ([kind, index]) =>
      typeof kind === "string" ? (typeof index === "number" ? `${shortened(kind)}:${index}` : kind) : undefined,
  ],
  ["collections.OrderedDict", dictionary],
  ["collections.Counter", dictionary],
  ["collections.defaultdict", ([, ...rest], room, cursor) => dictionary(rest, room, cursor)],
  ["builtins.dict", dictionary],
  ["builtins.set", set],
  ["builtins.frozenset", set],
  ["builtins.list", list],
  ["builtins.tuple", list],
  ["builtins.bytes", bytes],
  ["builtins.bytearray", bytes],
  ["_codecs.encode", bytes],
  ["numpy.core.multiarray.scalar", numpyNumber],
  ["numpy._core.multiarray.scalar", numpyNumber],
  // An object of a class, without a call of it.
  ...["copyreg", "copy_reg"].map((module): [string, Maker] => [
    `${module}._reconstructor`,
    ([kind]) => (kind instanceof TorchName ? new TorchObject(kind.name, []) : undefined),
  ]),
]);
