// Where a study is kept: bytes that are appended to, and the artifact of the best trial beside them.
import { aText, must } from "../check.ts";
import { DataError, UnsupportedError } from "../errors.ts";
import { orStorageError } from "../storage/storage-error.ts";
import { alone } from "./lock.ts";

/** Keeps a study: one file, which grows, and files of artifacts. Each promise resolves when its work would survive a crash. */
export interface StudyStorage {
  /** For messages. */
  readonly name: string;
  /** All that was appended, empty where nothing was. */
  read(): Promise<Uint8Array>;
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts off what is behind so many bytes. */
  truncate(length: number): Promise<void>;
  /** Keeps the artifact of a trial, whole or not at all. */
  keepArtifact(trial: number, bytes: Uint8Array): Promise<void>;
  /** Undefined where there is none. */
  readArtifact(trial: number): Promise<Uint8Array | undefined>;
  /** Forgets the artifact of a trial, if there is one. */
  dropArtifact(trial: number): Promise<void>;
}

/**
 * Keeps a study in memory, or goes on with the bytes of one that was.
 * @throws ArgumentError for what are no bytes
 *
 * @example
 * import { memoryStorage, openStudy, uniform } from "simdgrad/tune";
 * const storage = memoryStorage();
 * const study = await openStudy({ space: { x: uniform(0, 1) }, storage });
 * await study.tell(await study.ask(), 0.5);
 * const again = await openStudy({ space: { x: uniform(0, 1) }, storage: memoryStorage(await storage.read()) });
 * again.history.length; // => 1
 */
export function memoryStorage(bytes: Uint8Array = new Uint8Array()): StudyStorage {
  must(bytes instanceof Uint8Array, bytes, "memoryStorage: bytes", "a Uint8Array");
  let content = new Uint8Array(bytes); // slice() of a Node Buffer copies nothing
  let size = content.length;
  const artifacts = new Map<number, Uint8Array>();
  return {
    name: "the study",
    read: async () => content.slice(0, size),
    async append(more) {
      if (size + more.length > content.length) {
        const larger = new Uint8Array(2 * (size + more.length));
        larger.set(content.subarray(0, size));
        content = larger;
      }
      content.set(more, size);
      size += more.length;
    },
    async truncate(length) {
      size = length;
    },
    async keepArtifact(trial, artifact) {
      artifacts.set(trial, new Uint8Array(artifact));
    },
    readArtifact: async (trial) => artifacts.get(trial)?.slice(),
    async dropArtifact(trial) {
      artifacts.delete(trial);
    },
  };
}

/**
 * Keeps a study in a file of JSON lines, in Node. The artifact of the best trial is beside it: `study.jsonl.7.artifact` is that of trial 7.
 * What was written is on the disk before a call resolves. A file that something else wrote to meanwhile is left alone, with an error; nobody
 * writes while another process does: the folder `study.jsonl.lock` is there for that long.
 * @throws ArgumentError for a path that is no text, UnsupportedError outside Node; from its methods DataError where something else wrote to the
 * file, StorageError with the file and the cause where the disk fails
 *
 * @example
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { fileStorage, openStudy, uniform } from "simdgrad/tune";
 * const folder = await mkdtemp(`${tmpdir()}/study-`);
 * const options = { space: { x: uniform(0, 1) }, storage: fileStorage(`${folder}/study.jsonl`) };
 * const objective = ({ values }: { values: { x: number } }) => values.x;
 * await (await openStudy(options)).trials(3, { objective });
 * const history = await (await openStudy(options)).trials(5, { objective }); // goes on: two more
 * history.length; // => 5
 * await rm(folder, { recursive: true });
 */
export function fileStorage(path: string): StudyStorage {
  aText(path, "fileStorage: path");
  must(path !== "", path, "fileStorage: path", "the path of a file");
  const node = typeof process === "object" ? process.getBuiltinModule?.("node:fs") : undefined;
  if (node === undefined)
    throw new UnsupportedError("fileStorage: there are no files here; in pages take studyStorage(indexedDbStorage())");
  const { open, readFile, rename, rm, stat } = node.promises;
  /** The file's length as this storage left it; undefined before it was read. */
  let size: number | undefined;
  const artifactOf = (trial: number) => `${path}.${trial}.artifact`;
  const write = async (file: string, flags: string, bytes: Uint8Array) => {
    const handle = await open(file, flags);
    try {
      await handle.writeFile(bytes);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  };
  const orNothing = (error: { readonly code?: string }) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  };
  const readIf = (file: string): Promise<Uint8Array | undefined> =>
    orStorageError(`${file} was not read`, () => readFile(file).then((bytes) => new Uint8Array(bytes), orNothing));
  /** Where the file has another length, some other one has written. */
  const check = async (wanted: number) => {
    const now = (await stat(path).catch(orNothing))?.size ?? 0;
    if (now !== wanted)
      throw new DataError(
        `${path}: has ${now} bytes, not the ${wanted} that this study left: something else writes to it`,
      );
  };
  /** Does what nobody else may do meanwhile, if nobody else has done anything since. */
  const change = (what: string, task: (before: number) => Promise<void>) =>
    orStorageError(what, () =>
      alone(path, async () => {
        size ??= (await stat(path).catch(orNothing))?.size ?? 0;
        await check(size);
        await task(size);
      }),
    );
  return {
    name: path,
    async read() {
      const bytes = (await readIf(path)) ?? new Uint8Array();
      size = bytes.length;
      return bytes;
    },
    append: (bytes) =>
      change(`${path} was not written`, async (before) => {
        await write(path, "a", bytes);
        size = before + bytes.length;
        await check(size);
      }),
    truncate: (length) =>
      change(`${path} was not cut off`, async () => {
        await node.promises.truncate(path, length);
        size = length;
      }),
    keepArtifact(trial, bytes) {
      const file = artifactOf(trial);
      return change(`${file} was not written`, async () => {
        try {
          await write(`${file}.new`, "w", bytes);
          await rename(`${file}.new`, file);
        } catch (error) {
          await rm(`${file}.new`, { force: true }).catch(() => undefined); // what it failed of tells more
          throw error;
        }
      });
    },
    readArtifact: (trial) => readIf(artifactOf(trial)),
    async dropArtifact(trial) {
      const files = ["", ".new"].map((ending) => artifactOf(trial) + ending);
      const isThere = await Promise.all(files.map((file) => stat(file).then(() => true, orNothing)));
      if (!isThere.some(Boolean)) return; // also where nobody may write
      await change(`${files[0]} was not removed`, async () => {
        for (const file of files) await rm(file, { force: true });
      });
    },
  };
}
