// The one door to jsfive. The build puts the library itself into this module's output, so that the package has no dependency.
// Of the library, what reads the header of one object is used: what follows links reads files that were made by an enemy for ever.
// @ts-expect-error: the library has no types
import { File } from "jsfive";

/** A part of an object's header. */
export interface Message {
  readonly type: number;
  /** Where it begins. */
  readonly offset: number;
}

/** What an object's header says. */
export interface Header {
  readonly messages: readonly Message[];
  /** Of a data set: its sizes, and NumPy's name of its dtype, such as "<f4", or a list for what is no number. */
  readonly shape: readonly number[];
  readonly dtype: unknown;
}

interface DataObjects {
  readonly msgs: readonly ReadonlyMap<string, number>[];
  readonly shape: readonly number[];
  readonly dtype: unknown;
}

type ReadsHeaders = new (file: ArrayBuffer, offset: number) => DataObjects;

/** The library's class for headers, which it exports no other way: a file with one group of nothing has one. */
let readsHeaders: ReadsHeaders | undefined;

function library(): ReadsHeaders {
  if (readsHeaders === undefined) {
    const root = new File(emptyFile(), "") as unknown as {
      readonly _dataobjects: { readonly constructor: ReadsHeaders };
    };
    readsHeaders = root._dataobjects.constructor;
  }
  return readsHeaders;
}

/** A superblock (version 2), and the header of its root group, which holds one message of nothing. */
function emptyFile(): ArrayBuffer {
  const bytes = new Uint8Array(80);
  const view = new DataView(bytes.buffer);
  bytes.set([137, 72, 68, 70, 13, 10, 26, 10, 2, 8, 8]);
  view.setBigUint64(28, 80n, true);
  view.setBigUint64(36, 48n, true);
  bytes.set([79, 72, 68, 82, 2, 0, 12], 48); // OHDR, version 2, no flags, 12 bytes of messages
  bytes.set([0, 8], 55); // a message of type 0, 8 bytes
  return bytes.buffer;
}

/** The header of the object at a byte of a file. @throws whatever the library throws for what is none */
export function headerAt(file: ArrayBuffer, offset: number): Header {
  const DataObjects = library();
  const found = new DataObjects(file, offset);
  const messages = found.msgs.map((each) => ({
    type: each.get("type") as number,
    offset: each.get("offset_to_message") as number,
  }));
  return {
    messages,
    get shape() {
      return found.shape;
    },
    get dtype() {
      return found.dtype;
    },
  };
}
