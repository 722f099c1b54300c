// A page whose modules come from another origin, or from its own: one server for the page, one for dist/ as a CDN would serve it, which
// keeps a list of what it was asked for.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "../browsers/browser.ts";
import { serve } from "../browsers/serve.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

export interface Visit {
  /** What the page imports: a file of dist/ that holds all, or each module by itself. Default simdgrad.js. */
  readonly library?: "simdgrad.js" | "simdgrad-core.js" | "modules";
  /** Whether it is from the page's own origin. Default false. */
  readonly home?: boolean;
  readonly isolated?: boolean;
  /** The page's Content-Security-Policy; CDN stands for the library's origin. */
  readonly policy?: string;
  /** What is served in the place of files of the library, by their paths. */
  readonly answers?: Readonly<Record<string, Answer>>;
  /** A page of one's own, in which CDN stands for the library's origin; the script has nothing but it then. */
  readonly html?: string;
  /** Body of an async function of `simdgrad`, `parametersHash` and `trainLarge`. Default: trains in a spawned worker. */
  readonly script?: string;
}

/** What is not as it would be. */
export interface Answer {
  readonly status?: number;
  readonly type?: string;
  readonly body?: string;
  /** Whether other origins may not read it. Default false. */
  readonly isPrivate?: boolean;
}

export interface Outcome {
  /** What the script returned, or the error that it threw. */
  readonly seen: unknown;
  readonly errors: readonly string[];
  /** Files that the CDN was asked for, one after the other. */
  readonly asked: readonly string[];
}

/** Spawns a worker with two threads, and tells how many it was given and the hash of what came of the training. */
const trains = `
  const executor = await simdgrad.spawn({ threads: 2, build: "portable" });
  const hash = await parametersHash(executor);
  await trainLarge(executor);
  const { threads } = executor.info;
  await executor.dispose();
  return { threads, hash };
`;

/** Opens such a page, and waits for its script. */
export async function visitElsewhere(browser: Browser, visit: Visit): Promise<Outcome> {
  const {
    library = "simdgrad.js",
    home = false,
    isolated = false,
    policy = "",
    answers = {},
    html,
    script = trains,
  } = visit;
  const folder = mkdtempSync(join(tmpdir(), "simdgrad-elsewhere-"));
  const cdn = await startCdn(answers);
  try {
    symlinkSync(join(root, "dist"), join(folder, "library"));
    const shown = html?.replaceAll("CDN", cdn.origin) ?? page(library, home ? "./library/" : `${cdn.origin}/`);
    writeFileSync(join(folder, "index.html"), shown);
    writeFileSync(join(folder, "train.js"), asJavaScript("portable/train.ts"));
    writeFileSync(join(folder, "training.js"), asJavaScript("interop/app/training.ts"));
    const headers = { ...(policy && { "Content-Security-Policy": policy.replaceAll("CDN", cdn.origin) }) };
    const given = html === undefined ? "const { simdgrad, parametersHash, trainLarge } = await imported;\n" : "";
    const own = Object.entries(answers).map(([path, answer]) => [`/library/${path}`, answer] as const);
    const served = await serve(folder, isolated, `${given}${script}`, headers, new Map(own));
    try {
      await browser.open(served.url);
      return { ...(await served.visited), asked: cdn.asked };
    } finally {
      await served.close();
    }
  } finally {
    cdn.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A source of the training, which lies beside the page. */
function asJavaScript(source: string): string {
  const text = stripTypeScriptTypes(readFileSync(`${root}test/${source}`, "utf8"));
  return text.replace(/"\.[^"]*\/train\.ts"/, '"./train.js"');
}

function page(library: string, base: string): string {
  const names = Object.keys(exports).filter((name) => exports[name].default?.endsWith("/index.js"));
  const file = (name: string) => (library === "modules" ? exports[name].default.replace("./dist/", "") : library);
  const imports = Object.fromEntries(names.map((name) => [name.replace(".", "simdgrad"), `${base}${file(name)}`]));
  const modules = ["simdgrad", "simdgrad/worker", "./train.js", "./training.js"].map((name) => `import("${name}")`);
  return `<!doctype html><html lang="en"><head><title>Elsewhere</title>
<script type="importmap">${JSON.stringify({ imports })}</script>
<script>
  var imported = Promise.all([${modules}]).then(([core, worker, train, training]) => ({
    ...train, ...training, simdgrad: { ...core, ...worker },
  }));
</script></head></html>`;
}

/** Serves dist/ for every origin to read, and to keep for ever. */
async function startCdn(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(request.url ?? "");
    asked.push(path.slice(1));
    const { status, type = "text/javascript", isPrivate = false, body: other } = answers[path.slice(1)] ?? {};
    const headers = {
      "Content-Type": type,
      "Cache-Control": "public, max-age=31536000, immutable",
      ...(!isPrivate && { "Access-Control-Allow-Origin": "*" }),
      "Cross-Origin-Resource-Policy": "cross-origin",
    };
    const body = other ?? (await readFile(join(root, "dist", normalize(path))).catch(() => undefined));
    response.writeHead(status ?? (body === undefined ? 404 : 200), headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
