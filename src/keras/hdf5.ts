// Arrays in HDF5 files, as Keras writes them: groups in groups, data sets that lie in one piece. Bytes are read within their bounds, each
// part of a group once, and no size makes room for numbers that are not there. Source: The HDF Group, "HDF5 File Format Specification" 3.0.
import type { NumericArray } from "../data/array.ts";
import { float16 } from "../data/half.ts";
import { sizeOf } from "../shape.ts";
import { show } from "../show.ts";
import { fault } from "./fault.ts";
import { linksInHeap } from "./hdf5-heap.ts";
import { type Header, headerAt } from "./jsfive.ts";

/** Types of messages in headers. */
const [DATASPACE, LINK_INFO, LINK, LAYOUT, CONTINUATION, SYMBOL_TABLE] = [1, 2, 6, 8, 16, 17];

/** Bytes that the headers of one object have at the most. */
const HEADERS = 2 ** 20;

const SIGNATURE = [137, 72, 68, 70, 13, 10, 26, 10];

/** An object in a file. */
type Entry = { readonly address: number; readonly header: Header };

/** A file in HDF5. */
export class Hdf5 {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  readonly #root: number;
  /** Objects that were read, and links of groups, by their addresses. */
  readonly #entries = new Map<number, Entry>();
  readonly #links = new Map<number, ReadonlyMap<string, number>>();

  /** @throws DataError, beginning with `name`, for what is no such file */
  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = new Uint8Array(bytes); // from byte 0 of a buffer of its own, as the library wants it
    this.#view = new DataView(this.#bytes.buffer);
    this.#name = name;
    if (SIGNATURE.some((byte, i) => bytes[i] !== byte))
      throw fault(`${name}: the file does not begin as HDF5 files do`);
    this.#root = this.#read("its superblock", () => {
      const version = this.#view.getUint8(8);
      if (version > 3) throw fault(`${name}: a superblock of version ${version}`);
      return this.#address(version < 2 ? 64 + 4 * (version % 2) : 36, "the root group");
    });
  }

  /** Names in a group by its path; undefined where there is none. */
  names(path: string): readonly string[] | undefined {
    const entry = this.#find(path);
    return entry && [...this.#linksOf(entry, path).keys()];
  }

  /** The data set at a path. @throws DataError where there is none that can be read */
  array(path: string): NumericArray {
    const entry = this.#find(path);
    if (entry === undefined) throw fault(`${this.#name}: there is no ${path}`);
    return this.#read(path, () => this.#arrayOf(entry, path));
  }

  #find(path: string): Entry | undefined {
    let entry = this.#entry(this.#root, "/");
    for (const name of path.split("/")) {
      const next = this.#linksOf(entry, path).get(name);
      if (next === undefined) return undefined;
      entry = this.#entry(next, path);
    }
    return entry;
  }

  #entry(address: number, path: string): Entry {
    const known = this.#entries.get(address);
    if (known !== undefined) return known;
    const entry = this.#read(path, () => {
      if (this.#text(address, address + 4) === "OHDR") this.#checkHeader(address, path);
      return { address, header: headerAt(this.#view.buffer as ArrayBuffer, address) };
    });
    this.#entries.set(address, entry);
    return entry;
  }

  /** @throws DataError for a header (version 2) with more parts than anything needs, each of which would be an object in memory */
  #checkHeader(address: number, path: string): void {
    const view = this.#view;
    const flags = view.getUint8(address + 5);
    const size = address + 6 + (flags & 32 ? 16 : 0) + (flags & 16 ? 4 : 0);
    const width = 1 << (flags & 3);
    const first = width === 8 ? Number(view.getBigUint64(size, true)) : this.#whole(size, width);
    const open = [{ at: size + width, length: first }];
    let bytes = 0;
    for (let block = open.pop(); block !== undefined; block = open.pop()) {
      bytes += block.length;
      if (bytes > HEADERS) throw fault(`${this.#name}: the header of ${path} has more than ${HEADERS} bytes`);
      const end = block.at + block.length;
      for (let at = block.at; at + 4 <= end; at += 4 + (flags & 4 ? 2 : 0) + view.getUint16(at + 1, true)) {
        if (view.getUint8(at) !== CONTINUATION) continue;
        const place = at + 4 + (flags & 4 ? 2 : 0);
        open.push({
          at: this.#address(place, `the header of ${path}`) + 4,
          length: Number(view.getBigUint64(place + 8, true)),
        });
      }
    }
  }

  /** What a step of reading gives; what the library throws, or a view beyond its end, is told with its place. */
  #read<T>(path: string, step: () => T): T {
    try {
      return step();
    } catch (error) {
      if (error instanceof Error && error.name === "DataError") throw error;
      const words = error instanceof Error ? error.message : String(error);
      throw fault(`${this.#name}: ${path} cannot be read: ${words}`, { cause: error });
    }
  }

  /** A number of 64 bits that says where something is. */
  #address(at: number, what: string): number {
    const address = Number(this.#view.getBigUint64(at, true));
    if (address >= this.#bytes.length)
      throw fault(`${this.#name}: ${what} is at byte ${address} of ${this.#bytes.length}`);
    return address;
  }

  #linksOf({ address, header }: Entry, path: string): ReadonlyMap<string, number> {
    let links = this.#links.get(address);
    if (links === undefined) {
      links = this.#read(path, () => this.#readLinks(header, path));
      this.#links.set(address, links);
    }
    return links;
  }

  #readLinks({ messages }: Header, path: string): ReadonlyMap<string, number> {
    const links = new Map<string, number>();
    for (const { type, offset } of messages) {
      if (type === SYMBOL_TABLE) this.#symbols(offset, links, path);
      if (type === LINK) this.#link(offset, links);
      if (type === LINK_INFO) this.#linksElsewhere(offset, links);
    }
    return links;
  }

  /** Links of a group that has so many that they are in a heap. */
  #linksElsewhere(at: number, links: Map<string, number>): void {
    const places = at + 2 + (this.#view.getUint8(at + 1) & 1 ? 8 : 0);
    if (this.#view.getBigUint64(places, true) === 2n ** 64n - 1n) return;
    const [heap, tree] = [this.#address(places, "a heap"), this.#address(places + 8, "a tree")];
    for (const link of linksInHeap(this.#view, heap, tree, this.#name)) this.#link(link, links);
  }

  /** A link that is kept in the header itself; one that is no address of an object is left out. */
  #link(start: number, links: Map<string, number>): void {
    const view = this.#view;
    const flags = view.getUint8(start + 1);
    let at = start + 2;
    const isHard = !(flags & 8) || view.getUint8(at) === 0;
    at += (flags & 8 ? 1 : 0) + (flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0);
    const width = 1 << (flags & 3);
    const length = width === 8 ? Number(view.getBigUint64(at, true)) : this.#whole(at, width);
    at += width;
    if (at + length > this.#bytes.length) throw fault(`${this.#name}: a link's name ends at byte ${at + length}`);
    const name = this.#text(at, at + length);
    if (isHard) links.set(name, this.#address(at + length, name));
  }

  #whole(at: number, width: number): number {
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }

  #text(from: number, to: number): string {
    return new TextDecoder().decode(this.#bytes.slice(from, to));
  }

  /** Links in the tree of an old group, each node of which is read once. */
  #symbols(message: number, links: Map<string, number>, path: string): void {
    const view = this.#view;
    const heap = this.#address(message + 8, `the names of ${path}`);
    const names = this.#address(heap + 24, `the names of ${path}`);
    const end = Math.min(this.#bytes.length, names + Number(view.getBigUint64(heap + 8, true)));
    const open = [this.#address(message, `the tree of ${path}`)];
    const seen = new Set(open);
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      const kind = this.#text(node, node + 4);
      if (kind === "SNOD") this.#symbolsOf(node, names, end, links);
      else if (kind === "TREE") {
        const count = view.getUint16(node + 6, true);
        for (let i = 0; i < count; i++) {
          const child = this.#address(node + 32 + 16 * i, `the tree of ${path}`);
          if (!seen.has(child)) open.push(child);
          seen.add(child);
        }
      } else throw fault(`${this.#name}: the tree of ${path} has no node at byte ${node}`);
    }
  }

  #symbolsOf(node: number, names: number, end: number, links: Map<string, number>): void {
    const count = this.#view.getUint16(node + 6, true);
    for (let i = 0; i < count; i++) {
      const entry = node + 8 + 40 * i;
      const from = names + Number(this.#view.getBigUint64(entry, true));
      const to = from < end ? this.#bytes.indexOf(0, from) : -1;
      if (to < 0 || to > end) throw fault(`${this.#name}: a name in a group is at byte ${from}, outside of its names`);
      const isSoft = this.#view.getUint32(entry + 16, true) === 2;
      const name = this.#text(from, to);
      if (!isSoft) links.set(name, this.#address(entry + 8, name));
    }
  }

  #arrayOf({ header }: Entry, path: string): NumericArray {
    if (!header.messages.some(({ type }) => type === DATASPACE)) throw fault(`${this.#name}: ${path} is a group`);
    const shape = header.shape;
    const dtype = String(header.dtype);
    const read = Object.hasOwn(readers, dtype) ? readers[dtype] : undefined;
    if (read === undefined)
      throw fault(`${this.#name}: ${path} is of ${show(header.dtype)}, not of ${Object.keys(readers).join(", ")}`);
    const size = sizeOf(shape) * Number(dtype[2]);
    const start = this.#place(header, size, path);
    return { data: read(this.#bytes.slice(start, start + size)), shape: [...shape] };
  }

  /** Where the numbers of a data set begin, which lie in one piece. */
  #place({ messages }: Header, size: number, path: string): number {
    const layout = messages.find(({ type }) => type === LAYOUT);
    if (layout === undefined) throw fault(`${this.#name}: ${path} does not say where its numbers are`);
    const [version, kind] = [this.#view.getUint8(layout.offset), this.#view.getUint8(layout.offset + 1)];
    if (version >= 3 && kind > 1)
      throw fault(`${this.#name}: ${path} is kept in chunks, which are not read here; Keras writes none`);
    if (version < 3 || version > 4) throw fault(`${this.#name}: ${path} has a layout of version ${version}`);
    const at = kind === 0 ? layout.offset + 4 : size === 0 ? 0 : this.#address(layout.offset + 2, path);
    if (at + size > this.#bytes.length)
      throw fault(`${this.#name}: ${path} ends at byte ${at + size} of ${this.#bytes.length}`);
    return at;
  }
}

/** Numbers of dtypes, from bytes of their own. */
const readers: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => NumericArray["data"]>> = {
  "<f4": ({ buffer }) => new Float32Array(buffer),
  "<f8": ({ buffer }) => new Float64Array(buffer),
  "<f2": ({ buffer }) => Float32Array.from(new Uint16Array(buffer), float16),
  "<i4": ({ buffer }) => new Int32Array(buffer),
  "<i8": ({ buffer }) => Float64Array.from(new BigInt64Array(buffer), Number),
  "<u4": ({ buffer }) => Float64Array.from(new Uint32Array(buffer)),
  "<u8": ({ buffer }) => Float64Array.from(new BigUint64Array(buffer), Number),
  "<i1": ({ buffer }) => Int32Array.from(new Int8Array(buffer)),
  "<u1": ({ buffer }) => new Uint8Array(buffer),
};
