// Members that the command line starts, and what it says of their modules and of what is on a server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
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

beforeEach(() => {
  vi.stubEnv("NATS_URL", undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** A module of the sources, as an import names it. */
function own(path: string): string {
  return JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
}

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

  test("where it exports both", async () => {
    const module = file("both.mjs", "export const train = () => globalThis.x.y; export const objective = () => 1;\n");
    const { code, err } = await run(["worker", module, ...place]);
    expect(code).toBe(1);
    expect(err).toContain("both.mjs exports train(member) and objective(trial): a member runs one of them");
  });

  test("where Node takes it for a script, with what helps", async () => {
    mkdirSync(file("scripts"));
    file("scripts/package.json", '{ "type": "commonjs" }');
    const source = 'import "node:fs";\nexport async function train() {}\n';
    for (const ending of ["js", "ts"]) {
      const member = start(file(`scripts/member.${ending}`, source), "none", "nats://127.0.0.1:1");
      const { code, err } = await member.ended();
      expect(code).toBe(1);
      expect(err).toContain(
        "SyntaxError: Cannot use import statement outside a module; Node takes it for no module: " +
          `"type": "module" in its package.json, or the name member.m${ending}, makes it one\n`,
      );
    }
  });

  test("where its training diverges, in words that fit a module", async () => {
    const source = `import { Trainer } from ${own("index.ts")};
import { Linear, mseLoss } from ${own("nn/index.ts")};
import { sgd } from ${own("optim/index.ts")};
export async function train() {
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(1e30) });
  await trainer.load({ x: [[1], [2]], y: [[1], [3]] });
  await trainer.fit({ batch: 2, epochs: 50 });
}
`;
    const { code, err } = await start(file("diverges.mjs", source), "none", "nats://127.0.0.1:1").ended();
    expect(code).toBe(1);
    expect(err).toMatch(
      /worker: the loss of step \d+ is (NaN|-?Infinity); trainer\.debugNonFinite\(\) tells what made it\n/,
    );
    expect(err).not.toContain("--rate");
  });

  test("where it is a member of nothing, in a note", async () => {
    const module = file("alone.mjs", "export async function train() {}\n");
    const { code, out, err } = await run(["worker", module, ...place]);
    expect({ code, out }).toEqual({ code: 0, out: "none: done\n" });
    expect(err).toMatch(
      /^note: train of .*alone\.mjs has not called member\.nats\(\), so that it was no member of none: /,
    );
    const member = file("member.mjs", "export async function train({ nats }) { nats(); }\n");
    expect(await run(["worker", member, ...place])).toMatchObject({ code: 0, err: "" });
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

const ADDRESS = 'must be an address such as "nats://127.0.0.1:4222", or several';

describe.each(["runs", "worker"])(
  "what says no place is a usage error, before anything runs, and no password is in it: %s",
  (command) => {
    const words = command === "worker" ? [command, file("gone.js"), "--run", "x"] : [command];
    const one = ["--nats", "nats://127.0.0.1:1"];

    test.each([
      [[], "--nats is missing: --nats nats://HOST:4222, or NATS_URL in the environment"],
      [["--nats", "127.0.0.1:1"], `--nats ${ADDRESS}, got ["127.0.0.1:1"]`],
      [["--nats", "http://127.0.0.1:1"], `--nats ${ADDRESS}, got ["http://127.0.0.1:1"]`],
      [["--nats", "me:secret@here"], `--nats ${ADDRESS}`],
      [["--nats", "nats://me:secret@here,"], `--nats ${ADDRESS}`],
      [["--nats", "nats://here, wss://here"], "--nats: servers of one member are WebSockets or none is"],
      [
        ["--nats", "nats://a:secret@b,nats://c@d"],
        "--nats: servers of one run have one user, and the addresses name several",
      ],
    ])("%j", async (more, said) => {
      const told = `simdgrad ${command}: ${said}\nsimdgrad ${command} --help tells what it takes\n`;
      expect(await run([...words, ...more])).toMatchObject({ code: 2, err: told });
    });

    test("names", async () => {
      const name = `must be 1 to 64 letters, digits, - or _, got "x y"\n`;
      const { code, err } = await run([command, ...words.slice(1, 2), ...one, "--run", "x y"]);
      expect([code, err]).toEqual([2, expect.stringContaining(`simdgrad ${command}: --run ${name}`)]);
      if (command === "worker")
        expect(await run([...words, ...one, "--name", "x y"])).toMatchObject({
          code: 2,
          err: expect.stringContaining(`worker: --name ${name}`),
        });
    });

    test("in the environment", async () => {
      vi.stubEnv("NATS_URL", "me:secret@here");
      const { code, err } = await run(words);
      expect([code, err]).toEqual([2, expect.stringContaining(`simdgrad ${command}: NATS_URL ${ADDRESS}\n`)]);
      vi.stubEnv("NATS_URL", "");
      expect((await run(words)).err).toContain("--nats is missing");
    });
  },
);

test.each([
  ["nats://me:secret@127.0.0.1:1", "nats://127.0.0.1:1: connection refused"],
  ["ws://me:secret@127.0.0.1:1", "ws://127.0.0.1:1: no answer"],
  [" nats://127.0.0.1:1 , nats://127.0.0.1:2", "nats://127.0.0.1:1, nats://127.0.0.1:2: connection refused"],
])(
  "a server that is not there is a fault, told without a password, and NATS_URL as --nats: %s",
  async (servers, said) => {
    const told = { code: 1, err: `simdgrad runs: nats: ${said}\n` };
    expect(await run(["runs", "--nats", servers])).toMatchObject(told);
    vi.stubEnv("NATS_URL", servers);
    expect(await run(["runs"])).toMatchObject(told);
  },
);

test("--delete wants a run", async () => {
  const { code, err } = await run(["runs", "--nats", "nats://127.0.0.1:1", "--delete"]);
  expect([code, err]).toEqual([2, expect.stringContaining("--delete wants --run NAME: which run is to be deleted?")]);
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

  test("a run that is broken is told as such, and deleted", async () => {
    const source = `import { Trainer } from ${own("index.ts")};
import { Linear, mseLoss } from ${own("nn/index.ts")};
import { sgd } from ${own("optim/index.ts")};
export async function train({ nats }) {
  const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
  await trainer.load({ x: [[0], [1]], y: [[1], [3]] });
  await trainer.fit({ batch: 2, epochs: 4, distribute: nats({ innerSteps: 2 }) });
}
`;
    expect((await start(file("lines.mjs", source), "lines", address).ended()).code).toBe(0);
    const words = ["runs", "--nats", address, "--run", "lines"];
    expect((await run([...words, "--json"])).json).toMatchObject({ runs: [{ run: "lines" }] });
    const connection = await connect({ servers: server.address, user: "me", pass: "s:cr/t" });
    await (await new Kvm(connection).open("simdgrad_run_lines")).put("round", "{}");
    await connection.close();
    expect((await run(words)).out).toMatch(
      /^lines: nats: the record of a round of lines is of version undefined;.*\n$/,
    );
    expect(await run([...words, "--delete"])).toMatchObject({ code: 0, out: "lines: deleted\n" });
    expect((await run(words)).err).toBe("simdgrad runs: there is no run lines\n");
    expect(await run([...words, "--delete"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("no run lines"),
    });
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
