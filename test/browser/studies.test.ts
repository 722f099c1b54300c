// Studies in the storages of browsers: they go on after the page was left.
import { indexedDbStorage, opfsStorage } from "simdgrad/storage";
import { studyStorage } from "simdgrad/tune";
import { beforeAll, describe } from "vitest";
import { studyStorageTests } from "../tune/storage-contract.ts";

/** Whether this engine writes files of a site in pages. */
const hasFiles = typeof FileSystemFileHandle === "function" && "createWritable" in FileSystemFileHandle.prototype;

describe.each([
  ["IndexedDB", () => indexedDbStorage("studies")] as const,
  ...(hasFiles ? [["files of the site", () => opfsStorage("studies")] as const] : []),
])("%s", (_, open) => {
  beforeAll(async () => {
    for (const name of await open().list()) await open().remove(name);
  });
  studyStorageTests((name) => studyStorage(open(), name));
});
