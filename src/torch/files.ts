// The two kinds of files that torch.save writes: ZIP files since 1.6, and before them pickles one after the other with storages behind them.
import { ZipFile } from "../data/compressed.ts";
import { DataError } from "../errors.ts";
import { Cursor } from "./cursor.ts";
import { hostOf } from "./known.ts";
import { type Host, unpickled } from "./pickle.ts";
import { sizeOfDType, TorchStorage } from "./tensors.ts";
import { isMap, kindOf, shortened, type TorchName, type TorchValue } from "./values.ts";

const NAME = "torch";

/** What the first pickle of an earlier file is. */
const MAGIC = 0x1950a86a20f9469cfc6cn;

/** The version of such files, which never was another. */
const VERSION = 1001;

/** The value in a file of either kind. @throws DataError */
export function contentOf(given: Uint8Array): TorchValue {
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.length); // of no class derived from it, as Node's Buffer is
  if (startsWith(bytes, "PK\x03\x04") || startsWith(bytes, "PK\x05\x06")) return valueOfZip(bytes);
  if (bytes[0] === 0x80) return valueOfPickles(bytes);
  throw new DataError(`${NAME}: ${whatElse(bytes)}`);
}

function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  return Array.from(text).every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
}

/** What a file is that torch.save did not write. */
function whatElse(bytes: Uint8Array): string {
  if (startsWith(bytes, "ustar", 257))
    return "a tar file, as PyTorch wrote before 0.2: load it there, and save it with a version since";
  if (startsWith(bytes, "version https://git-lfs"))
    return "a pointer of Git LFS, which says where the file is: fetch the file itself";
  if (startsWith(bytes, '{"', 8)) return "a safetensors file: parseSafetensors() of simdgrad/io reads it";
  if (startsWith(bytes, "\x89HDF")) return "an HDF5 file, such as Keras writes";
  return `the file of ${bytes.length} bytes begins neither as a ZIP file nor as a pickle, as those of torch.save do`;
}

/** A folder with data.pkl, and beside it a file for each storage. */
function valueOfZip(bytes: Uint8Array): TorchValue {
  const files = new ZipFile(bytes, NAME);
  const path = files.names.find((each) => /^([^/]*\/)?data\.pkl$/.test(each));
  if (path === undefined) throw new DataError(`${NAME}: the ZIP file holds no data.pkl, as those of torch.save do`);
  const folder = path.slice(0, -"data.pkl".length);
  if (files.has(`${folder}constants.pkl`))
    throw new DataError(
      `${NAME}: a model of torch.jit.save, whose code is not read: save its state, torch.save(model.state_dict(), path)`,
    );
  const order = files.read(`${folder}byteorder`);
  if (order !== undefined && !startsWith(order, "little")) throw bigEndian();
  const find = (id: readonly TorchValue[], dtype: string, cursor: Cursor) => {
    const { className, key, count } = storageOf(id, cursor);
    const own = files.read(`${folder}data/${key}`);
    if (own === undefined) throw cursor.fault(`there is no file data/${shortened(key)} for a storage`);
    const length = count * sizeOfDType(dtype);
    if (length > own.length)
      throw cursor.fault(`storage ${shortened(key)} of ${count} elements of ${dtype} has ${own.length} bytes`);
    return new TorchStorage(className, key, dtype, own.subarray(0, length));
  };
  const pickle = files.read(path) as Uint8Array;
  return unpickled(new Cursor(pickle, `${NAME}: data.pkl`), hostOf(bytes.length, find));
}

function bigEndian(): DataError {
  return new DataError(
    `${NAME}: the file was written by a machine whose numbers begin with their highest byte: load and save it on another`,
  );
}

/** What the reference to a storage says. @throws DataError */
function storageOf(id: readonly TorchValue[], cursor: Cursor) {
  const [, kind, key, , count] = id;
  if (typeof key !== "string" || !Number.isSafeInteger(count) || Number(count) < 0)
    throw cursor.fault(`the reference to a storage before byte ${cursor.at} says not which, or not how long it is`);
  return { className: (kind as TorchName).name, key, count: Number(count) };
}

interface Stored {
  readonly dtype: string;
  readonly bytes?: Uint8Array;
}

/** Says of each storage what it is, and gives it without its bytes. */
function counting(length: number, found: Map<string, Stored>): Host {
  return hostOf(length, (id, dtype, cursor) => {
    const { className, key } = storageOf(id, cursor);
    const before = found.get(key)?.dtype ?? dtype;
    if (before !== dtype) throw cursor.fault(`storage ${shortened(key)} is of ${before} and of ${dtype}`);
    found.set(key, { dtype });
    return new TorchStorage(className, key, dtype, undefined);
  });
}

/** A number, the version, the machine, the value, the keys of its storages, and these. */
function valueOfPickles(bytes: Uint8Array): TorchValue {
  const cursor = new Cursor(bytes, NAME);
  const plain = hostOf(bytes.length, (_, __, { at }) => {
    throw cursor.fault(`a storage before byte ${at}, where none can be`);
  });
  if (unpickled(cursor, plain) !== MAGIC)
    throw new DataError(`${NAME}: a pickle that torch.save did not write; it begins with another one`);
  const version = unpickled(cursor, plain);
  if (version !== VERSION) throw cursor.fault(`the file is not of version ${VERSION}, as those of torch.save are`);
  const machine = unpickled(cursor, plain);
  if (!isMap(machine)) throw cursor.fault(`${kindOf(machine)} describes the machine that wrote the file`);
  if (machine.get("little_endian") === false) throw bigEndian();
  // Once to know of the storages, which come afterwards, and once with them.
  const from = cursor.at;
  const stored = new Map<string, Stored>();
  unpickled(cursor, counting(bytes.length, stored));
  readStorages(cursor, unpickled(cursor, plain), stored);
  const find = (id: readonly TorchValue[], dtype: string, at: Cursor) => storedOf(id, dtype, stored, at);
  return unpickled(new Cursor(bytes, NAME, from), hostOf(bytes.length, find));
}

/** Their lengths in elements, and their bytes. @throws DataError */
function readStorages(cursor: Cursor, keys: TorchValue, stored: Map<string, Stored>): void {
  if (!Array.isArray(keys)) throw cursor.fault(`${kindOf(keys)} stands for the list of storages`);
  for (const key of keys) {
    const own = typeof key === "string" ? stored.get(key) : undefined;
    if (own === undefined) throw cursor.fault(`the file has a storage that nothing refers to, at byte ${cursor.at}`);
    stored.set(key, { ...own, bytes: cursor.take(cursor.u64() * sizeOfDType(own.dtype)) });
  }
}

/** A storage, or the part of it that a reference names. */
function storedOf(id: readonly TorchValue[], dtype: string, stored: ReadonlyMap<string, Stored>, cursor: Cursor) {
  const { className, key, count } = storageOf(id, cursor);
  const bytes = stored.get(key)?.bytes;
  if (bytes === undefined) throw cursor.fault(`storage ${shortened(key)} is not in the file`);
  const size = sizeOfDType(dtype);
  const [, offset = 0, length = count] = Array.isArray(id[5]) ? (id[5] as readonly TorchValue[]) : [];
  const isPart = typeof offset === "number" && typeof length === "number" && offset >= 0 && length >= 0;
  const [from, to] = isPart ? [offset * size, (offset + length) * size] : [0, Number.POSITIVE_INFINITY];
  if (!Number.isSafeInteger(from) || !(to <= bytes.length))
    throw cursor.fault(`storage ${shortened(key)} of ${bytes.length} bytes does not hold what is referred to`);
  return new TorchStorage(className, key, dtype, bytes.subarray(from, to));
}
