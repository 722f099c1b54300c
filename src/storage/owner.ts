// Who writes a file, in Node: a mark by which what a process left behind when it died is known from what another one is about to write.

/** Milliseconds after which what a writer of another machine left is nobody's: a day. */
const LONG = 86_400_000;

const MARK = /^([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{8}$/;

const nodeFs = () => process.getBuiltinModule("node:fs");

/** A mark of this process that nobody else has: its machine, its number, when it began, and eight digits by chance. */
export function ownMark(): string {
  const [chance] = crypto.randomUUID().split("-");
  return `${machine()}-${process.pid}-${beginOf(process.pid)}-${chance}`;
}

/** Whether the process of a mark lives; undefined where that is not known: of other machines, and where others may have its number by now. */
export function lives(mark: string): boolean | undefined {
  const [, where, pid, begin] = MARK.exec(mark) ?? [];
  if (where !== machine()) return undefined;
  if (!isProcess(Number(pid))) return false;
  const now = beginOf(Number(pid));
  return now === "0" || begin === "0" ? undefined : now === begin;
}

/** Whether a file of a name, with "." and a mark behind it or nothing, is what a writer left behind. */
export async function isLeft(writer: string, file: string): Promise<boolean> {
  if (writer === "") return true;
  const mark = writer.slice(1);
  if (!writer.startsWith(".") || !MARK.test(mark)) return false; // it belongs to another name
  const isAlive = lives(mark);
  if (isAlive !== undefined) return !isAlive;
  const { mtimeMs } = await nodeFs()
    .promises.stat(file)
    .catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY })); // it is gone by now
  return Date.now() - mtimeMs > LONG;
}

function isProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { readonly code?: string }).code !== "ESRCH"; // it may be another user's
  }
}

/** When a process began, in ticks of its machine; "0" where that is not told. */
function beginOf(pid: number): string {
  try {
    const text = nodeFs().readFileSync(`/proc/${pid}/stat`, "latin1");
    return text.slice(text.lastIndexOf(")") + 2).split(" ")[19]; // behind the name, which may hold anything
  } catch {
    return "0";
  }
}

/** Eight digits of the machine, and of the numbers that its processes have here: a container has its own. */
function machine(): string {
  let space = "";
  try {
    space = nodeFs().readlinkSync("/proc/self/ns/pid");
  } catch {} // there is one alone
  let hash = 0x811c9dc5; // FNV-1a
  for (const byte of new TextEncoder().encode(`${process.getBuiltinModule("node:os").hostname()} ${space}`))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
