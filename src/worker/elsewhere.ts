// Workers of pages whose modules come from another origin, such as a CDN: a page may start only workers of its own origin, so theirs is a
// text of a few lines, which imports the module from where it is.

import { WorkerError } from "../errors.ts";

/** Where the files are of workers that have not spoken yet. */
const unheard = new WeakMap<Worker, string>();

/** The addresses of such texts, one for each module: workers that come later, and their threads, need them again. */
const texts = new Map<string, string>();

/** Whether a module came from another origin. Addresses that begin with "file:" are what some bundlers put in the place of true ones. */
export function isElsewhere(url: string): boolean {
  return /^https?:/.test(url) && new URL(url).origin !== globalThis.origin;
}

/** What a text's error begins with whose module does not come: by that it is known that the text itself has run. */
function failedOf(url: string): string {
  return `could not import ${url}: `;
}

/** Messages that come before the module are given to it afterwards: WebKit, in isolated pages, imports from elsewhere only by `import()`. */
function textOf(url: string): string {
  return `const early = [];
const keep = (event) => early.push(event.data);
addEventListener("message", keep);
import(${JSON.stringify(url)}).then(
  () => {
    removeEventListener("message", keep);
    for (const data of early) dispatchEvent(new MessageEvent("message", { data }));
  },
  (error) => setTimeout(() => { throw new Error(${JSON.stringify(failedOf(url))} + error); }),
);`;
}

/** Starts a worker with a module, wherever that came from. @throws WorkerError where a policy forbids it at once */
export function startModule(url: string, name: string): Worker {
  if (!isElsewhere(url)) return cameFrom(url, new Worker(url, { type: "module", name }));
  let text = texts.get(url);
  if (text === undefined) {
    text = URL.createObjectURL(new Blob([textOf(url)], { type: "text/javascript" }));
    texts.set(url, text);
  }
  try {
    return cameFrom(url, new Worker(text, { type: "module", name }));
  } catch (cause) {
    throw new WorkerError(`${(cause as Error).message}${blobForbidden(url)}`, { cause });
  }
}

/** Keeps in mind where a worker's file is, until it speaks: then it has come. */
export function cameFrom(url: string, worker: Worker): Worker {
  unheard.set(worker, url);
  worker.addEventListener("message", () => unheard.delete(worker), { once: true });
  return worker;
}

/** What became of a worker, by the message of its error: "" where its own file, or its text, did not come or was not allowed to run. */
export function reasonOf(worker: Worker, message: string): string {
  const url = unheard.get(worker);
  if (message === "") {
    if (url !== undefined && isElsewhere(url)) return `could not be loaded${blobForbidden(url)}`;
    return `could not be loaded: look at what ${url ?? "its file"} answers: status 200, a JavaScript type, such as text/javascript, and a module without syntax errors; a Content-Security-Policy must allow it, too (worker-src 'self')`;
  }
  if (url === undefined) return `threw an error: ${message}`;
  const [, failure] = message.split(failedOf(url));
  if (failure === undefined) return `threw an error: ${message} (${url})`;
  const isLost = /^TypeError: .*import/i.test(failure); // as every engine says it of what does not come
  return `${failedOf(url)}${failure}${isLost ? importForbidden(url) : ""}`;
}

function importForbidden(url: string): string {
  const { origin } = new URL(url);
  return `: look at what that address answers: status 200, a JavaScript type, such as text/javascript, and, since it is of another origin than the page, Access-Control-Allow-Origin; a Content-Security-Policy must allow it, too (script-src ${origin} 'wasm-unsafe-eval')`;
}

function blobForbidden(url: string): string {
  const { origin } = new URL(url);
  return `: it comes from ${origin}, another origin than the page's, by way of a blob:, which a Content-Security-Policy must allow (script-src ${origin} 'wasm-unsafe-eval'; worker-src blob:); or serve simdgrad from the page's own origin`;
}
