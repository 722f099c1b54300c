// One process at a time at a file, in Node. Beside it is a folder in which whoever wants to write puts a file with a name of its own, and then
// looks: alone there, it may. Of two at least one looks after both are there, so never both may. No name comes twice, so what a process
// that died has left can be removed by anybody at any time.
import { lives, ownMark } from "../storage/owner.ts";
import { StorageError } from "../storage/storage-error.ts";

/** Milliseconds in which whoever writes has written. */
const PATIENCE = 10_000;

/** Milliseconds between two looks, at the most. */
const LOOK = 10;

const fs = () => process.getBuiltinModule("node:fs").promises;

/**
 * Does a task while nobody else does one at this file. Who has died is passed over, who may have died, such as on another machine, after some
 * patience.
 * @throws StorageError where a process that lives keeps others out for longer
 */
export async function alone<T>(file: string, task: () => Promise<T>, patience = PATIENCE): Promise<T> {
  const folder = `${file}.lock`;
  const first = new Map<string, number>();
  for (;;) {
    const own = ownMark();
    try {
      // It comes in where nobody seems to be, and does it where nobody else is.
      const isIn = !(await isTaken(folder, own, first, patience)) && (await comeIn(folder, own));
      if (isIn && !(await isTaken(folder, own, first, patience))) return await task();
    } finally {
      await fs().rm(`${folder}/${own}`, { force: true });
      await fs()
        .rmdir(folder)
        .catch(() => undefined); // others are there
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK * Math.random()));
  }
}

/** @returns false where the folder was removed meanwhile */
async function comeIn(folder: string, own: string): Promise<boolean> {
  await fs().mkdir(folder).catch(unless("EEXIST"));
  const handle = await fs().open(`${folder}/${own}`, "wx").catch(unless("ENOENT"));
  await handle?.close();
  return handle !== undefined;
}

/** Whether another one is there; who has died is removed. `first` keeps when each was seen for the first time. */
async function isTaken(folder: string, own: string, first: Map<string, number>, patience: number): Promise<boolean> {
  let taken = false;
  for (const mark of (await fs().readdir(folder).catch(unless("ENOENT"))) ?? []) {
    if (mark === own) continue;
    const now = performance.now();
    const since = first.get(mark) ?? now;
    first.set(mark, since);
    const isAlive = lives(mark);
    const isLate = now - since > patience;
    if (isAlive && isLate)
      throw new StorageError(
        `${folder}/${mark}: process ${mark.split("-")[1]} has kept others out for ${patience / 1000} s: if it does not write, remove this file`,
      );
    if (isAlive || (isAlive === undefined && !isLate)) taken = true;
    else await fs().rm(`${folder}/${mark}`, { force: true });
  }
  return taken;
}

/** Nothing in the place of an error with this code. */
function unless(code: string): (error: { readonly code?: string }) => undefined {
  return (error) => {
    if (error.code !== code) throw error;
    return undefined;
  };
}
