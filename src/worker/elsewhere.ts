// Workers of pages whose modules come from another origin, such as a CDN: a page may start only workers of its own origin, so theirs is a
// line of text, which imports the module from where it is.

/** Those that were started so. */
const fromElsewhere = new WeakMap<object, string>();

/** The addresses of such lines, one for each module: workers that come later, and their threads, need them again. */
const lines = new Map<string, string>();

/** Whether a module came from another origin. Addresses that begin with "file:" are what some bundlers put in the place of true ones. */
export function isElsewhere(url: string): boolean {
  return /^https?:/.test(url) && new URL(url).origin !== globalThis.origin;
}

/** Starts a worker with a module, wherever that came from. */
export function startModule(url: string, name: string): Worker {
  if (!isElsewhere(url)) return new Worker(url, { type: "module", name });
  let line = lines.get(url);
  if (line === undefined) {
    line = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
    lines.set(url, line);
  }
  const worker = new Worker(line, { type: "module", name });
  fromElsewhere.set(worker, new URL(url).origin);
  return worker;
}

/** Why a worker may not have been loaded, as errors end with it; nothing of one that the page's own origin serves. */
export function obstaclesOf(worker: object): string {
  const origin = fromElsewhere.get(worker);
  if (origin === undefined) return "";
  return `: it comes from ${origin}, another origin than the page's, by way of a blob:, which a Content-Security-Policy must allow (script-src ${origin} 'wasm-unsafe-eval'; worker-src blob: ${origin}); or serve simdgrad from the page's own origin`;
}
