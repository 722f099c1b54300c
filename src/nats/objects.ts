// Weights of a run, as objects that NATS's store keeps. They are read and taken away by requests, so that nothing of that stays on the server: the
// store's own clients read by a consumer, which is there for five minutes more, and leave a mark of what they delete.
import type { ObjectInfo, ObjectStore } from "@nats-io/obj";
import { DataError } from "../errors.ts";
import { digestOf } from "./parcel.ts";
import type { Room } from "./room.ts";

export const CHUNK = 512 * 1024; // bytes of an object that go in one message, where the server takes as many: it takes 1 MB, unless it is told otherwise
const LEAST = 4096; // of a message that is not an object's last one: else many small ones would keep a member busy

/** How something is asked again and again. */
type Again = Room["again"];

export class Objects {
  readonly #room: Room;
  readonly #store: ObjectStore;
  readonly #bucket: string;
  readonly #again: Again;

  constructor(
    room: Room,
    store: ObjectStore,
    bucket: string,
    again: Again = (what, action) => room.again(what, action),
  ) {
    this.#room = room;
    this.#store = store;
    this.#bucket = bucket;
    this.#again = again;
  }

  get #stream(): string {
    return `OBJ_${this.#bucket}`;
  }

  /** Bytes that the server takes in a message. */
  get #payload(): number {
    return this.#room.connection.info?.max_payload ?? CHUNK;
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const options = { max_chunk_size: Math.min(CHUNK, this.#payload) };
    await this.#again("storing an object", () => this.#store.putBlob({ name, options }, bytes));
  }

  /** The bytes of an object. @throws DataError where they are gone, more than there may be, or others than were announced */
  async get(
    { object, digest }: { readonly object: string; readonly digest: string },
    most = Number.POSITIVE_INFINITY,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#again("fetching an object", () => this.#read(object, most));
    if ((await digestOf(bytes)) !== digest)
      throw new DataError(`nats: the object ${object} has other bytes than were announced`);
    return bytes;
  }

  /** What the store says of an object; undefined where there is none, or a foreign message in its place. */
  async #info(name: string): Promise<ObjectInfo | undefined> {
    if (!/^[!-~]{1,500}$/.test(name)) return undefined;
    const info = await this.#store.info(name).catch((error) => {
      if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    });
    return info && !info.deleted && /^\w+$/.test(info.nuid) ? info : undefined;
  }

  /** As many bytes as an object is said to have, or the fewer that there are. */
  async #read(object: string, most: number): Promise<Uint8Array<ArrayBuffer>> {
    const info = await this.#info(object);
    if (info === undefined) throw new DataError(`nats: the object ${object} is gone`);
    if (info.size > most) throw new DataError(`nats: the object ${object} has ${info.size} bytes, not ${most}`);
    const next_by_subj = `$O.${this.#bucket}.C.${info.nuid}`;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (let [seq, size] = [1, 0]; size < info.size; ) {
      const message = await this.#room.manager.direct.getMessage(this.#stream, { seq, next_by_subj });
      if (message === null) break;
      parts.push(message.data as Uint8Array<ArrayBuffer>);
      size += message.data.length;
      seq = message.seq + 1;
      if (message.data.length < Math.min(LEAST, this.#payload)) break;
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  }

  /** Takes an object away, as if it had never been. */
  async drop(name: string): Promise<void> {
    const info = await this.#info(name);
    if (info === undefined) return;
    const mark = btoa(name).replaceAll("+", "-").replaceAll("/", "_");
    const purge = (filter: string) => this.#room.manager.streams.purge(this.#stream, { filter });
    await Promise.all([purge(`$O.${this.#bucket}.C.${info.nuid}`), purge(`$O.${this.#bucket}.M.${mark}`)]);
  }

  /** Takes away what members left that were killed: objects of rounds before that one. */
  async sweep(round: number): Promise<void> {
    const marks = `$O.${this.#bucket}.M.`;
    const { state } = await this.#room.manager.streams.info(this.#stream, { subjects_filter: `${marks}>` });
    for (const subject of Object.keys(state.subjects ?? {})) {
      const name = atob(subject.slice(marks.length).replaceAll("-", "+").replaceAll("_", "/"));
      const [, of] = /^(?:change|state)\.(\d+)\./.exec(name) ?? [];
      if (of !== undefined && Number(of) < round) await this.drop(name);
    }
  }
}
