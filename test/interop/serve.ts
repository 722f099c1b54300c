// A static server: files as they are, with headers of one's choice, and an ear for reports of a Content-Security-Policy.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

export type Headers = Readonly<Record<string, string>>;

export const isolation: Headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** As CDNs answer. */
export const forEverybody: Headers = { "Access-Control-Allow-Origin": "*" };

const REPORTS = "/reports";

export const strictPolicy: Headers = {
  "Content-Security-Policy": `default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; report-uri ${REPORTS}`,
};

/** As strict as it can be where the package comes from elsewhere. */
export function policyFor(origin: string): Headers {
  return {
    "Content-Security-Policy": `default-src 'self'; script-src 'self' ${origin} 'wasm-unsafe-eval'; worker-src blob:; report-uri ${REPORTS}`,
  };
}

const types: Headers = { ".html": "text/html", ".js": "text/javascript" };

export interface Served {
  readonly url: string;
  /** What the policy forbade. */
  readonly reports: readonly string[];
  close(): Promise<void>;
}

/** Serves a folder. */
export async function serve(folder: string, headers: Headers = {}): Promise<Served> {
  const reports: string[] = [];
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "", "http://localhost").pathname);
    if (path === REPORTS) {
      let report = "";
      for await (const part of request) report += part;
      reports.push(report);
      response.writeHead(204).end();
      return;
    }
    const name = path.endsWith("/") ? `${path}index.html` : path;
    try {
      const body = await readFile(join(folder, normalize(name)));
      response.writeHead(200, { ...headers, "Content-Type": types[extname(name)] ?? "application/octet-stream" });
      response.end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    reports,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
