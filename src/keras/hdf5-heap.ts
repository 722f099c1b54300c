// Links of groups that have many: a tree of names (version 2) and a heap of what they mean. Each node is read once, and every place is found by
// its sizes. Source: The HDF Group, "HDF5 File Format Specification" 3.0, III.A.2 and III.G.
import { fault } from "./fault.ts";

/** Levels of trees, and of blocks in blocks: more hold more links than there are bytes. */
const DEEPEST = 16;

/** Bytes that a number up to this one takes. */
function widthOf(most: number): number {
  return Math.floor(Math.log2(Math.max(1, most)) / 8) + 1;
}

/** Reads whole numbers of any width. */
class Reader {
  readonly view: DataView;
  readonly #name: string;

  constructor(view: DataView, name: string) {
    this.view = view;
    this.#name = name;
  }

  /** A whole number of so many bytes, the lowest first. */
  whole(at: number, width: number): number {
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.view.getUint8(at + i);
    return value;
  }

  /** A place in the file. */
  address(at: number): number {
    const address = this.whole(at, 8);
    if (address >= this.view.byteLength) throw this.wrong(`a block at byte ${address} of ${this.view.byteLength}`);
    return address;
  }

  sign(at: number, expected: string): void {
    const found = String.fromCharCode(...[0, 1, 2, 3].map((i) => this.view.getUint8(at + i)));
    if (found !== expected) throw this.wrong(`no ${expected} at byte ${at}`);
  }

  wrong(what: string): Error {
    return fault(`${this.#name}: links in a heap with ${what}`);
  }
}

/** Where link messages begin, in the order of the tree. @throws DataError for what is no such tree or heap */
export function linksInHeap(view: DataView, heap: number, tree: number, name: string): number[] {
  const reader = new Reader(view, name);
  const find = heapAt(reader, heap);
  return recordsOf(reader, tree).map(find);
}

/** Where the identifiers of a tree's records are. */
function recordsOf(reader: Reader, tree: number): number[] {
  reader.sign(tree, "BTHD");
  const nodeSize = reader.whole(tree + 6, 4);
  const recordSize = reader.whole(tree + 10, 2);
  const depth = reader.whole(tree + 12, 2);
  if (depth > DEEPEST) throw reader.wrong(`a tree of ${depth} levels`);
  // By names, records have a checksum before the identifier; by creation, a number of 64 bits.
  const skipped = reader.view.getUint8(tree + 5) === 5 ? 4 : 8;
  if (recordSize < skipped + 1) throw reader.wrong(`records of ${recordSize} bytes`);
  const levels = levelsOf(nodeSize, recordSize, depth);
  const found: number[] = [];
  const open = [{ at: reader.address(tree + 16), count: reader.whole(tree + 24, 2), level: depth }];
  const seen = new Set<number>();
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (seen.has(node.at)) throw reader.wrong("a node that is in it twice");
    seen.add(node.at);
    reader.sign(node.at, node.level === 0 ? "BTLF" : "BTIN");
    const begin = node.at + 6;
    if (begin + node.count * recordSize > reader.view.byteLength) throw reader.wrong(`${node.count} records in a node`);
    for (let i = 0; i < node.count; i++) found.push(begin + i * recordSize + skipped);
    if (node.level === 0) continue;
    const { ofCount, ofTotal } = levels[node.level];
    const pointer = 8 + ofCount + ofTotal;
    const children = begin + node.count * recordSize;
    for (let i = 0; i <= node.count; i++) {
      const at = children + i * pointer;
      open.push({ at: reader.address(at), count: reader.whole(at + 8, ofCount), level: node.level - 1 });
    }
  }
  return found;
}

/** How wide the counts beside a node's children are, by its level. */
function levelsOf(nodeSize: number, recordSize: number, depth: number): { ofCount: number; ofTotal: number }[] {
  let most = Math.floor((nodeSize - 10) / recordSize);
  let total = most;
  const levels = [{ ofCount: 0, ofTotal: 0 }];
  for (let level = 1; level <= depth; level++) {
    const [ofCount, ofTotal] = [widthOf(most), level === 1 ? 0 : widthOf(total)];
    levels.push({ ofCount, ofTotal });
    const pointer = 8 + ofCount + ofTotal;
    most = Math.max(1, Math.floor((nodeSize - 10 - pointer) / (recordSize + pointer)));
    total = (most + 1) * total + most;
  }
  return levels;
}

/** What finds an object in a heap by the place of its identifier. */
function heapAt(reader: Reader, heap: number): (identifier: number) => number {
  reader.sign(heap, "FRHP");
  if (reader.whole(heap + 7, 2) > 0) throw reader.wrong("filters");
  const width = reader.whole(heap + 110, 2);
  const first = reader.whole(heap + 112, 8);
  const largest = reader.whole(heap + 120, 8);
  const bits = reader.whole(heap + 128, 2);
  const root = reader.address(heap + 132);
  const rows = reader.whole(heap + 140, 2);
  if (width < 1 || first < 1 || largest < first || bits > 64) throw reader.wrong("sizes that are none");
  const ofOffset = Math.ceil(bits / 8);
  return (identifier) => {
    if ((reader.view.getUint8(identifier) & 0x30) !== 0) throw reader.wrong("an object of a kind that is not read");
    const offset = reader.whole(identifier + 1, ofOffset);
    if (rows === 0) return placed(reader, root, offset, first);
    return inBlocks(reader, { block: root, offset, width, first, largest, ofOffset });
  };
}

/** An object in a block of its own size. */
function placed(reader: Reader, block: number, offset: number, size: number): number {
  reader.sign(block, "FHDB");
  if (offset >= size || block + offset >= reader.view.byteLength) throw reader.wrong("an object outside of its block");
  return block + offset;
}

interface Search {
  readonly block: number;
  readonly offset: number;
  readonly width: number;
  readonly first: number;
  readonly largest: number;
  readonly ofOffset: number;
}

/** An object in a block of blocks: rows of them double in size from the second on; those that are too large hold blocks themselves. */
function inBlocks(reader: Reader, search: Search): number {
  const { width, first, largest, ofOffset } = search;
  let { block, offset } = search;
  for (let depth = 0; depth < DEEPEST; depth++) {
    reader.sign(block, "FHIB");
    let [row, size] = [0, first];
    for (; offset >= width * size; row++) {
      offset -= width * size;
      if (row > 0) size *= 2;
      if (row > 64) throw reader.wrong("an object outside of its blocks");
    }
    const column = Math.floor(offset / size);
    const next = reader.address(block + 13 + ofOffset + 8 * (row * width + column));
    offset -= column * size;
    if (size <= largest) return placed(reader, next, offset, size);
    block = next;
  }
  throw reader.wrong(`more than ${DEEPEST} blocks in one another`);
}
