// The training as this browser keeps it: a checkpoint every few seconds, and within it the text it learns, so that no other tab can part them.
// After a reload it goes on with the same bits.
import type { NumericArray } from "simdgrad/data";
import type { RateChange, Settings } from "./settings.ts";
import type { Source } from "./source.ts";

const CHECKPOINT = "training";

export interface Kept {
  /** Those that it began with. */
  readonly settings: Settings;
  readonly rates: readonly RateChange[];
  readonly step: number;
  readonly source: Omit<Source, "text">;
  readonly state: Readonly<Record<string, NumericArray>>;
}

/** Opened when it is wanted: what writes and reads is not needed before. */
async function opened() {
  const [{ indexedDbStorage }, io] = await Promise.all([import("simdgrad/storage"), import("simdgrad/io")]);
  return { storage: indexedDbStorage("text-page"), ...io };
}

let tools: ReturnType<typeof opened> | undefined;
function open() {
  tools ??= opened();
  return tools;
}

/** Keeps a training, in the place of the one before. */
export async function keep({ settings, rates, step, source, state }: Kept, text: string): Promise<void> {
  const { storage, serializeCheckpoint } = await open();
  const { name, own, cut } = source;
  const notes = {
    settings: { ...settings },
    rates: rates.map((change) => ({ ...change })),
    step,
    source: { name, own, cut },
    ...(own && { text }),
  };
  await storage.write(CHECKPOINT, serializeCheckpoint({ state, notes }));
}

/** What is kept; undefined where nothing is, or nothing whole. The text is undefined where it is the page's own. */
export async function kept(): Promise<(Kept & { readonly text: string | undefined }) | undefined> {
  try {
    // A database is not made for whoever never trained.
    const known = await indexedDB.databases();
    if (!known.some(({ name }) => name === "simdgrad/text-page")) return undefined;
    const { storage, parseCheckpoint } = await open();
    const bytes = await storage.read(CHECKPOINT);
    if (bytes === undefined) return undefined;
    const { state, notes } = parseCheckpoint(bytes);
    const { settings, rates, step, source, text } = notes as unknown as Omit<Kept, "state"> & { text?: string };
    if (source.own && text === undefined) return undefined;
    if (!Array.isArray(rates)) return undefined; // of a time when rates did not change
    return { settings, rates, step, source, state, text };
  } catch {
    return undefined; // of another version, or a browser that keeps nothing
  }
}

export async function forget(): Promise<void> {
  const { storage } = await open();
  for (const key of await storage.list()) await storage.remove(key);
}
