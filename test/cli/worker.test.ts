// Members that the command line starts, and what it says of their modules and of what is on a server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nats } from "../../src/nats/index.ts";
import { openStudy, uniform } from "../../src/tune/index.ts";
import { findServer, NatsServer } from "../nats/server.ts";
import { file, run } from "./run.ts";

const program = await findServer();
const bin = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));

let server: NatsServer;
/** With the name and password that the server wants. */
let address: string;

beforeAll(async () => {
  if (program === undefined) return;
  server = await NatsServer.start(program, 'authorization { user: me, password: "s:cr/t" }');
  address = server.address.replace("//", "//me:s%3Acr%2Ft@");
}, 60_000);

afterAll(async () => {
  await server?.stop();
});

/** A member in a process of its own, as a shell starts it; `seen` waits until it has said something. */
function start(module: string, name: string, servers: string) {
  const child = spawn(process.execPath, [bin, "worker", module, "--nats", servers, "--run", name, "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const out = text(child.stdout);
  let said = "";
  child.stderr.on("data", (piece) => {
    said += piece;
  });
  return {
    seen: (words: string) => expect.poll(() => said, { timeout: 20_000 }).toContain(words),
    async end(signal: NodeJS.Signals) {
      child.kill(signal);
      const [code] = await once(child, "exit");
      return { code, out: await out, err: said };
    },
    ended: async () => ({ code: (await once(child, "exit"))[0], out: await out, err: said }),
  };
}

describe("a module that is at fault is told as the user's", () => {
  const place = ["--nats", "nats://127.0.0.1:1", "--run", "none"];

  test("where it exports neither, before it is run", async () => {
    const module = file("plain.js", "globalThis.wasRun = true;\n");
    const { code, err } = await run(["worker", module, ...place]);
    expect(code).toBe(1);
    expect(err).toContain(
      "plain.js must export a function: train(member), which trains with trainer.fit({ distribute: ",
    );
    expect(globalThis).not.toHaveProperty("wasRun");
  });

  test("where it is not there", async () => {
    const { code, err } = await run(["worker", file("gone.js"), ...place]);
    expect(code).toBe(1);
    expect(err).toMatch(/^simdgrad worker: .*gone\.js: there is no such file or folder\n$/);
  });

  test.each([
    ["thrown", "export function train() {\n  undefined.x();\n}\n", /thrown\.js:2:13: TypeError: Cannot read/],
    ["written", "export function train() {\n  const x = ;\n}\n", /written\.js:2: SyntaxError: Unexpected token ';'/],
    ["imported", 'import "./nowhere.js";\nexport const train = 1;\n', /imported\.js: Error: Cannot find module/],
    ["text", 'export function train() {\n  throw "no";\n}\n', /text\.js: it threw no\n/],
    ["decided", 'export const train = ({ nats }) => nats({ run: "b" });\n', /member\.nats: run is said by --run\n/],
  ])("with its place: %s", async (name, source, words) => {
    const { code, err } = await start(file(`${name}.js`, source), "none", "nats://127.0.0.1:1").ended();
    expect(code).toBe(1);
    expect(err).toMatch(words);
    expect(err).not.toContain("a mistake in simdgrad");
  });
});

test.each([
  [
    ["runs", "--nats", "127.0.0.1"],
    '--nats must be an address such as "nats://127.0.0.1:4222", or several, got ["127.0.0.1"]',
  ],
  [["runs", "--nats", "me:secret@here"], '--nats must be an address such as "nats://127.0.0.1:4222", or several'],
  [["runs", "--nats", "nats://me:secret@127.0.0.1:1"], "nats: nats://127.0.0.1:1: connection refused"],
  [["runs", "--nats", "ws://me:secret@127.0.0.1:1"], "nats: ws://127.0.0.1:1: no answer"],
  [
    ["runs", "--nats", "nats://a:secret@127.0.0.1,nats://b@127.0.0.1"],
    "nats: servers of one run have one user, and the addresses name several",
  ],
])("what is wrong with a server is said without its password: %j", async (words, said) => {
  expect(await run(words)).toMatchObject({ code: 1, err: `simdgrad runs: ${said}\n` });
});

describe.skipIf(program === undefined)("with a server", () => {
  test("a member has a name, logs in, and leaves at SIGTERM; what it did is shown", async () => {
    const objective = file(
      "objective.mjs",
      "export const objective = ({ values: { x } }) => { if (x < 0) null.x; return x; };\n",
    );
    const member = start(objective, "search", address);
    const study = await openStudy({ space: { x: uniform(0, 1) } });
    await study.trials(2, { distribute: nats({ servers: address, run: "search" }) });
    const broken = await openStudy({ space: { x: uniform(-1, -0.5) } });
    await expect(broken.trials(1, { distribute: nats({ servers: address, run: "search" }) })).rejects.toThrow(
      TypeError.name,
    );
    await member.seen("objective.mjs:1:");
    const { code, out, err } = await member.end("SIGTERM");
    expect({ code, told: JSON.parse(out) }).toEqual({
      code: 143,
      told: { command: "worker", run: "search", member: expect.stringMatching(/^[0-9a-f]{8}$/) },
    });
    expect(err).toMatch(/trial 0 failed: .*objective\.mjs:1:\d+: TypeError: /);
    const { json, err: words } = await run(["runs", "--nats", address, "--json"]);
    expect(json).toMatchObject({ runs: [], searches: [{ run: "search", waiting: 0, running: 0, results: 3 }] });
    expect(words).toBe("search: a search, 0 trials waiting, 0 running, 3 results\n");
  }, 60_000);

  test("a run that is not there, and a password that is wrong", async () => {
    expect(await run(["runs", "--nats", address, "--run", "nosuch"])).toMatchObject({
      code: 1,
      err: "simdgrad runs: there is no run nosuch\n",
    });
    const wrong = await run(["runs", "--nats", server.address.replace("//", "//me:secret@")]);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringMatching(/Authorization/) });
    expect(wrong.err).not.toContain("secret");
  }, 60_000);
});
