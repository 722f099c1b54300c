// A static server for the built site, at a path that is not the root, with or without the headers that isolate pages.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const BASE = "/some/path/";
const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** `onFile` hears of every file that is sent, by its name in the folder. */
export async function serve(
  folder: string,
  isolated: boolean,
  onFile: (name: string) => void = () => undefined,
): Promise<Served> {
  const server = createServer(async ({ url = "" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const type = types[extname(pathname)] ?? "application/octet-stream";
    try {
      if (!pathname.startsWith(BASE)) throw new Error("outside of the site");
      const body = await readFile(join(folder, normalize(pathname.slice(BASE.length - 1))));
      onFile(pathname.slice(BASE.length));
      response.writeHead(200, { ...(isolated && isolation), "Content-Type": type, "Content-Length": body.length });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
