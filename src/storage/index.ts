// simdgrad/storage: where trainings are kept, checkpoints while they go on, and the way back to them.
export { type CheckpointsOptions, checkpoints, type ResumeOptions, resume } from "./checkpoints.ts";
export { folderStorage } from "./folder.ts";
export { indexedDbStorage } from "./indexed-db.ts";
export { memoryStorage } from "./memory.ts";
export { opfsStorage } from "./opfs.ts";
export { download, upload } from "./page.ts";
export type { BytesStorage } from "./storage.ts";
export { StorageError } from "./storage-error.ts";
