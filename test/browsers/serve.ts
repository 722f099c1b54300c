// A static server for a built page and for a visitor in it: a script that keeps a record of the page's errors, uses the page, and sends
// back what it saw. So it takes nothing of the browser but to open a page.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { json } from "node:stream/consumers";

/** What a visitor sends back. */
export interface Visited {
  readonly seen: unknown;
  readonly errors: readonly string[];
}

export interface Served {
  readonly url: string;
  /** Resolves when the visit is over. */
  readonly visited: Promise<Visited>;
  close(): Promise<void>;
}

const recorder = `
const errors = [];
const { error } = console;
console.error = (...parts) => {
  errors.push(parts.join(" "));
  error(...parts);
};
const failed = (event) => event.message ?? "not loaded: " + (event.target.src ?? event.target.href);
addEventListener("error", (event) => errors.push(failed(event)), true);
addEventListener("unhandledrejection", ({ reason }) => errors.push("unhandled: " + reason));
addEventListener("securitypolicyviolation", (event) => errors.push("forbidden: " + event.violatedDirective));
`;

/** The visit begins when the page has loaded; `seen` is what it returns, or the error that it throws. */
function visitor(visit: string): string {
  return `{
${recorder}
const visit = async () => {
${visit}
};
addEventListener("load", async () => {
  const seen = await visit().catch((error) => "" + error);
  await fetch("./visited", { method: "POST", body: JSON.stringify({ seen, errors }) });
});
}`;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

/**
 * Serves a folder at some path that is not the root, with or without the headers that isolate its pages; a `visit` is the body of an async
 * function that runs in them; `more` headers go with everything; `answers` are in the place of files, by their paths.
 */
export async function serve(
  folder: string,
  isolated: boolean,
  visit?: string,
  more: Readonly<Record<string, string>> = {},
  answers: ReadonlyMap<
    string,
    { readonly status?: number; readonly type?: string; readonly body?: string }
  > = new Map(),
): Promise<Served> {
  let [resolve, reject]: [(visited: Visited) => void, (error: unknown) => void] = [() => {}, () => {}];
  const visited = new Promise<Visited>((...both) => {
    [resolve, reject] = both;
  });
  const base = "/some/path/";
  const server = createServer(async (request, response) => {
    const { url = "" } = request;
    const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
    const name = path.endsWith("/") ? `${path}index.html` : path;
    const { status = 200, type, body: other } = answers.get(name.slice(base.length - 1)) ?? {};
    const headers = {
      ...(isolated ? isolation : {}),
      ...more,
      "Content-Type": type ?? types[extname(name)] ?? "application/octet-stream",
    };
    if (path === `${base}visitor.js` && visit !== undefined) response.writeHead(200, headers).end(visitor(visit));
    else if (path === `${base}visited`) {
      json(request).then((body) => resolve(body as Visited), reject);
      response.writeHead(204, headers).end();
    } else if (path === "/favicon.ico")
      response.writeHead(204, headers).end(); // browsers ask for it unasked
    else if (!path.startsWith(base)) response.writeHead(404, headers).end();
    else
      try {
        const file = other ?? (await readFile(join(folder, normalize(name.slice(base.length - 1)))));
        const body = name.endsWith(".html") && visit !== undefined ? withVisitor(file.toString(), base) : file;
        response.writeHead(status, headers).end(body);
      } catch {
        response.writeHead(404, headers).end();
      }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    visited,
    url: `http://127.0.0.1:${address.port}${base}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function withVisitor(html: string, base: string): string {
  return html.replace("<head>", `<head><script src="${base}visitor.js"></script>`);
}
