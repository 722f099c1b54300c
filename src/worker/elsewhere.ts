// Workers of pages whose modules come from another origin, such as a CDN: a page may start only workers of its own origin, so theirs is a
// text of a few lines, which imports the module from where it is.

import { WorkerError } from "../errors.ts";

/** Origins of those that were started so and have not spoken yet. */
const fromElsewhere = new WeakMap<object, string>();

/** The addresses of such texts, one for each module: workers that come later, and their threads, need them again. */
const texts = new Map<string, string>();

/** Whether a module came from another origin. Addresses that begin with "file:" are what some bundlers put in the place of true ones. */
export function isElsewhere(url: string): boolean {
  return /^https?:/.test(url) && new URL(url).origin !== globalThis.origin;
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
  (error) => setTimeout(() => { throw error; }),
);`;
}

/** Starts a worker with a module, wherever that came from. @throws WorkerError where a policy forbids it at once */
export function startModule(url: string, name: string): Worker {
  if (!isElsewhere(url)) return new Worker(url, { type: "module", name });
  let text = texts.get(url);
  if (text === undefined) {
    text = URL.createObjectURL(new Blob([textOf(url)], { type: "text/javascript" }));
    texts.set(url, text);
  }
  const { origin } = new URL(url);
  let worker: Worker;
  try {
    worker = new Worker(text, { type: "module", name });
  } catch (cause) {
    throw new WorkerError(`${(cause as Error).message}${obstacles(origin)}`, { cause });
  }
  fromElsewhere.set(worker, origin);
  worker.addEventListener("message", () => fromElsewhere.delete(worker), { once: true });
  return worker;
}

/** Why a worker may not have been loaded, as errors end with it; nothing of one that has spoken, or that the page's own origin serves. */
export function obstaclesOf(worker: object): string {
  const origin = fromElsewhere.get(worker);
  return origin === undefined ? "" : obstacles(origin);
}

function obstacles(origin: string): string {
  return `: it comes from ${origin}, another origin than the page's, by way of a blob:, which a Content-Security-Policy must allow (script-src ${origin} 'wasm-unsafe-eval'; worker-src blob:); or serve simdgrad from the page's own origin`;
}
