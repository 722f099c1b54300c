// WebKitGTK by plain WebDriver: its small browser on an invisible display. One window, so one page at a time.
// Protocol: https://www.w3.org/TR/webdriver2/
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "./browser.ts";
import { end } from "./end.ts";

/** Paths of the programs that it takes. */
export interface WebKitPrograms {
  readonly driver: string;
  readonly miniBrowser: string;
  readonly display: string;
}

/** Milliseconds within which a program must be up. */
const START_TIME = 20_000;

/** Starts a display, the driver and the browser. */
export async function startWebKit(programs: WebKitPrograms): Promise<Browser> {
  const started: ChildProcess[] = [];
  const killAll = () => {
    for (const child of started) child.kill();
  };
  const endAll = async () => {
    process.off("exit", killAll);
    for (const child of started.reverse()) await end(child);
  };
  process.once("exit", killAll); // should nobody close it
  try {
    // It takes a free number and writes it to descriptor 3.
    const display = spawn(programs.display, ["-displayfd", "3", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    started.push(display);
    const number = await firstLine(display, display.stdio[3] as Readable);
    const port = await freePort();
    const driver = spawn(programs.driver, [`--port=${port}`], { stdio: "ignore", env: environment(`:${number}`) });
    started.push(driver);
    const { session, version } = await openSession(`http://127.0.0.1:${port}`, programs.miniBrowser);
    return {
      version: `WebKitGTK ${version}`,
      async open(url) {
        await command(`${session}/url`, "POST", { url });
      },
      async close() {
        await command(session, "DELETE").catch(() => {}); // it may have crashed
        await endAll();
      },
    };
  } catch (error) {
    await endAll();
    throw error;
  }
}

function environment(display: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    DISPLAY: display,
    GDK_BACKEND: "x11",
    LC_ALL: "C", // en-US in pages; of C.UTF-8 it would make "C", which is no language
    // Its sandbox cannot be made by root, nor in most containers.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
  };
}

async function openSession(
  driver: string,
  binary: string,
): Promise<{ readonly session: string; readonly version: string }> {
  const options = { binary, args: ["--automation"] };
  const asked = { capabilities: { alwaysMatch: { "webkitgtk:browserOptions": options } } };
  const { sessionId, capabilities } = (await command(`${driver}/session`, "POST", asked, START_TIME)) as {
    readonly sessionId: string;
    readonly capabilities: { readonly browserVersion: string };
  };
  const session = `${driver}/session/${sessionId}`;
  return { session, version: capabilities.browserVersion };
}

/** One command of the protocol; while nobody listens yet, it is tried again for so many milliseconds. */
async function command(url: string, method: "POST" | "DELETE", body?: object, patience = 0): Promise<unknown> {
  for (const end = Date.now() + patience; ; await sleep(100)) {
    try {
      const response = await fetch(url, { method, body: body && JSON.stringify(body) });
      const { value } = (await response.json()) as { readonly value: unknown };
      if (response.ok) return value;
      const { error, message } = value as { readonly error: string; readonly message: string };
      throw new Error(`WebDriver: ${error}: ${message}`);
    } catch (error) {
      // fetch throws a TypeError when there is no connection.
      if (!(error instanceof TypeError) || Date.now() >= end) throw error;
    }
  }
}

async function firstLine(child: ChildProcess, stream: Readable): Promise<string> {
  const signal = AbortSignal.timeout(START_TIME);
  const failed = once(child, "error", { signal }).then(([error]) => Promise.reject(error));
  const [data] = await Promise.race([once(stream, "data", { signal }), failed]);
  failed.catch(() => {});
  return `${data}`.trim();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}
