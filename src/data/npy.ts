// NumPy's files: .npy, an array behind a header that is a dictionary of Python's, and .npz, several of them in a ZIP file.
import { aRecordOf, aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import { array, type NumericArray } from "./array.ts";
import { bytesOf } from "./bytes.ts";
import { mostOf, unzipped } from "./compressed.ts";
import { type ElementType, elementTypes, readElements } from "./elements.ts";
import { zip } from "./fflate.ts";
import { roomLike } from "./room-like.ts";

/** Files of a ZIP file, and bytes of their names, at the most: a number more would say that they are counted elsewhere. */
const MOST = 0xfffe;

const MAGIC = [0x93, ..."NUMPY"].map((each) => (typeof each === "string" ? each.charCodeAt(0) : each));

/** Axes that NumPy's arrays have at the most. */
const MOST_AXES = 64;

/** Where headers end: at a multiple of this. */
const ALIGNED = 64;

/**
 * The array of a .npy file, row-major also where the file is not. Float32, float64, int32 and uint8 stay what they are; float16 becomes f32,
 * bool u8, other whole numbers i32 where their values allow it. Either order of bytes.
 * Source: NumPy, "numpy.lib.format", versions 1 to 3.
 * @throws DataError saying what is wrong and where: other dtypes (texts, complex numbers, objects, fields), values beyond i32, a file that is cut off
 *
 * @example
 * import { parseNpy, serializeNpy } from "simdgrad/data";
 * const file = serializeNpy({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] });
 * parseNpy(file); // => { data: [1, 2, 3, 4], shape: [2, 2] }
 * parseNpy(file.subarray(0, -1)); // => throws DataError: npy: 15 bytes of data where the header says 16
 */
export function parseNpy(given: Uint8Array | ArrayBuffer): NumericArray {
  return arrayOf(bytesOf(given, "parseNpy: bytes"), "npy");
}

/** How a .npz file is read. */
export interface ParseNpzOptions {
  /** Bytes that its arrays may have together. Default: 64 MiB and a hundred times the file's own. */
  readonly most?: number;
}

/** What a .npz file may become for one of its bytes. */
const TIMES = 100;

/**
 * The arrays of a .npz file by their names, as `np.savez` and `np.savez_compressed` write it. Of a small file nothing large is made, unless
 * `most` says how large it may be: zeros alone become a thousandth of their size.
 * @throws DataError for a ZIP file that is damaged, or becomes larger than that, and for whatever in it parseNpy refuses, with the array's name
 *
 * @example
 * import { parseNpz, serializeNpz } from "simdgrad/data";
 * parseNpz(serializeNpz({ y: { data: Int32Array.of(1, 2), shape: [2] } })); // => { y: { data: [1, 2], shape: [2] } }
 */
export function parseNpz(given: Uint8Array | ArrayBuffer, options: ParseNpzOptions = {}): Record<string, NumericArray> {
  const bytes = bytesOf(given, "parseNpz: bytes");
  checkOptions(options, "parseNpz", { most: aWholeNumber(1, Number.MAX_SAFE_INTEGER) });
  const { most = mostOf(bytes, TIMES) } = options;
  const files = unzipped(bytes, "npz", most, ": parseNpz(bytes, { most }) says how many they may be");
  const entries = Array.from(files, ([name, bytes]): [string, NumericArray] => {
    if (!name.endsWith(".npy")) throw new DataError(`npz: ${name} is no .npy file`);
    const own = name.slice(0, -4);
    return [own, arrayOf(bytes, `npz: ${own}`)];
  });
  return Object.fromEntries(entries);
}

/**
 * A .npy file of an array, which `np.load` reads: Float32Array float32, Float64Array float64, Int32Array int32, Uint8Array uint8.
 * @throws ShapeError if the shape has another number of elements, ArgumentError for another type of array
 *
 * @example
 * import { serializeNpy } from "simdgrad/data";
 * serializeNpy({ data: Uint8Array.of(1, 2), shape: [2] }).length; // => 130
 */
export function serializeNpy(given: NumericArray): Uint8Array<ArrayBuffer> {
  return fileOf(given, "serializeNpy: array");
}

/**
 * A .npz file of arrays by their names, compressed, which `np.load` reads.
 * @throws ShapeError and ArgumentError as serializeNpy, with the array's name; ArgumentError for a longer name, or more arrays,
 * than a ZIP file has, and for names by which an array would not be found again
 *
 * @example
 * import { parseNpz, serializeNpz } from "simdgrad/data";
 * const file = serializeNpz({ zeros: { data: new Float32Array(10000), shape: [100, 100] } });
 * file.length < 1000; // => true
 * parseNpz(file).zeros.shape; // => [100, 100]
 */
export function serializeNpz(arrays: Readonly<Record<string, NumericArray>>): Uint8Array<ArrayBuffer> {
  aRecordOf(anArray)(arrays, "serializeNpz: arrays");
  const names = Object.keys(arrays);
  if (names.length > MOST) throw new ArgumentError(`serializeNpz: ${names.length} arrays are more than ${MOST}`);
  for (const name of names) checkName(name, arrays);
  const entries = Object.entries(arrays).map(([name, each]) => [`${name}.npy`, fileOf(each, `serializeNpz: ${name}`)]);
  return zip(Object.fromEntries(entries));
}

/** @throws ArgumentError for a name that is not that of its array alone, to NumPy or here */
function checkName(name: string, arrays: object): void {
  const { length } = new TextEncoder().encode(`${name}.npy`);
  if (length > MOST)
    throw new ArgumentError(
      `serializeNpz: a name has ${length} bytes with .npy, more than ${MOST}: ${JSON.stringify(name.slice(0, 20))}...`,
    );
  // Python's names of files end at a zero; UTF-8 has no halves of characters.
  if (/\0|\p{Surrogate}/u.test(name))
    throw new ArgumentError(`serializeNpz: the name ${JSON.stringify(name)} holds what no name of a file does`);
  // NumPy looks for names of files first.
  if (name.endsWith(".npy") && Object.hasOwn(arrays, name.slice(0, -4)))
    throw new ArgumentError(
      `serializeNpz: ${JSON.stringify(name)} is the file of ${JSON.stringify(name.slice(0, -4))}: one of both needs another name`,
    );
}

function anArray(value: unknown, what: string): void {
  must(isRecord(value), value, what, "{ data, shape }");
}

function arrayOf(bytes: Uint8Array, name: string): NumericArray {
  const { descr, isFortran, shape, start } = headerOf(bytes, name);
  const type = elementTypes.get(descr.slice(1));
  if (type === undefined || !"<>|=".includes(descr[0]))
    throw new DataError(
      `${name}: dtype ${JSON.stringify(descr)} is none of numbers: ${[...elementTypes.keys()].join(", ")}`,
    );
  checkSize(bytes.length - start, shape, type, name);
  const data = readElements(bytes.subarray(start), type, descr[0] === ">", name);
  return { data: isFortran && shape.length > 1 ? rowMajor(data, shape) : data, shape };
}

function checkSize(length: number, shape: Shape, { size }: ElementType, name: string): void {
  const expected = sizeOf(shape) * size;
  if (length !== expected)
    throw new DataError(
      `${name}: ${length} bytes of data where the header says ${expected}, for shape ${showShape(shape)}`,
    );
}

interface Header {
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
}

function headerOf(bytes: Uint8Array, name: string): Header {
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw new DataError(`${name}: the file does not start with NumPy's magic bytes`);
  const version = bytes[6];
  if (version < 1 || version > 3) throw new DataError(`${name}: version ${version} of the format is not known`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const from = version === 1 ? 10 : 12;
  if (bytes.length < from) throw new DataError(`${name}: the header's length is cut off`);
  const start = from + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (start > bytes.length)
    throw new DataError(`${name}: the header ends at byte ${start}, the file of ${bytes.length} before it`);
  const text = new TextDecoder().decode(Uint8Array.from(bytes.subarray(from, start)));
  return { ...dictionaryOf(text, name), start };
}

const ENTRY = /\s*'(descr|fortran_order|shape)'\s*:\s*(?:'([^']*)'|(True|False)|\(([\d\s,]*)\))\s*(?:,|(?=\}))/y;

/** @throws DataError for an array whose elements are records of fields */
function checkFields(text: string, name: string): void {
  const [, fields] = /^\{\s*'descr'\s*:\s*\[(.*?)\]\s*,\s*'/.exec(text) ?? [];
  if (fields === undefined) return;
  const names = Array.from(fields.matchAll(/\('([^']*)'/g), ([, field]) => field);
  const [first = "x"] = names;
  throw new DataError(
    `${name}: an array of fields [${names.join(", ").slice(0, 80)}]: each is to be saved by itself, np.save(file, array["${first}"])`,
  );
}

/** Python's dictionary of exactly these three entries. */
function dictionaryOf(given: string, name: string): Omit<Header, "start"> {
  const text = given.trim();
  checkFields(text, name);
  const found = new Map<string, readonly (string | undefined)[]>();
  let at = 1; // behind the {
  ENTRY.lastIndex = at;
  for (let entry = ENTRY.exec(text); entry !== null; entry = ENTRY.exec(text)) {
    found.set(entry[1], entry.slice(2));
    at = ENTRY.lastIndex;
  }
  const isWhole = text.startsWith("{") && text.slice(at).trim() === "}";
  const [descr, isFortran, sizes] = [found.get("descr")?.[0], found.get("fortran_order")?.[1], found.get("shape")?.[2]];
  if (!isWhole || descr === undefined || isFortran === undefined || sizes === undefined)
    throw new DataError(`${name}: the header is no dictionary of descr, fortran_order and shape: ${text.slice(0, 80)}`);
  return { descr, isFortran: isFortran === "True", shape: shapeOf(sizes, name) };
}

function shapeOf(text: string, name: string): number[] {
  const parts = text.split(",").map((part) => part.trim());
  if (parts[parts.length - 1] === "") parts.pop();
  const shape = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN));
  const isTuple = shape.length !== 1 || text.includes(",");
  if (!isTuple || shape.length > MOST_AXES || !shape.every(Number.isSafeInteger))
    throw new DataError(`${name}: (${text.slice(0, 80)}) is no shape`);
  return shape;
}

/** Elements whose first axis goes fastest, with the last one fastest. */
function rowMajor(data: NumericArray["data"], shape: Shape): NumericArray["data"] {
  const result = roomLike(data, data.length);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const place = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return result;
}

const descriptions = [
  [Float32Array, "<f4"],
  [Float64Array, "<f8"],
  [Int32Array, "<i4"],
  [Uint8Array, "|u1"],
] as const;

function fileOf(given: NumericArray, name: string): Uint8Array<ArrayBuffer> {
  anArray(given, name);
  const descr = descriptions.find(([Kind]) => given.data instanceof Kind)?.[1];
  if (descr === undefined) throw new ArgumentError(`${name}: data is no array of f32, f64, i32 or u8`);
  const { data, shape } = array(given, undefined, name);
  const sizes = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${sizes}, }`;
  const start = ALIGNED * Math.ceil((11 + text.length) / ALIGNED);
  const bytes = new Uint8Array(start + data.byteLength).fill(32, 0, start);
  bytes.set([...MAGIC, 1, 0, (start - 10) & 255, (start - 10) >> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[start - 1] = 10;
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}
