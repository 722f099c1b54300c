// Three members in Node and one in a page of Chromium train MNIST together: the same bits on all after every round, and what one machine reaches.
// SOAK=1 takes all of MNIST.
import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WasmExecutor } from "../../src/index.ts";
import { chromiumArguments, findChromium } from "../browser/chromium.ts";
import { type Served, serve } from "../interop/serve.ts";
import { type Outcome, type Plan, type Task, trainerOf } from "./digits.ts";
import { mnist, mnistFile } from "./mnist.ts";
import { findServer, NatsServer } from "./server.ts";

const plan: Plan = process.env.SOAK
  ? { rows: 60_000, tested: 10_000, epochs: 10, batch: 32, rate: 0.001 }
  : { rows: 4000, tested: 2000, epochs: 10, batch: 16, rate: 0.003 };
const innerSteps = 50;
const MEMBERS = 4;
const patience = process.env.SOAK ? 1_200_000 : 180_000;

const program = await findServer();

let server: NatsServer;
let browser: Browser;
let served: Served;
let folder: string;

beforeAll(async () => {
  if (program === undefined) return;
  server = await NatsServer.start(program);
  folder = await mkdtemp(join(tmpdir(), "simdgrad-member-page-"));
  await build({
    root: fileURLToPath(new URL("page", import.meta.url)),
    configFile: false,
    logLevel: "error",
    worker: { format: "es" },
    // A page has WebSockets, and hashes by itself.
    build: {
      outDir: folder,
      emptyOutDir: false,
      target: "es2022",
      rolldownOptions: { external: ["node:crypto", "@nats-io/transport-node"] },
    },
  });
  for (const name of ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"])
    await symlink(mnistFile(name), join(folder, `${name}-ubyte`));
  served = await serve(folder);
  browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await served?.close();
  await server?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}, 60_000);

function taskOf(member: number): Task {
  const servers = member === 0 ? server.webSocket : server.address;
  const name = ["page", "first", "second", "third"][member];
  const options = { servers, run: "digits", member: name, innerSteps, minMembers: MEMBERS, deadline: 60_000 };
  return { ...plan, nats: options, member, of: MEMBERS };
}

function inNode(member: number): { readonly child: ChildProcess; readonly outcome: Promise<Outcome> } {
  const program = fileURLToPath(new URL("digit-member.ts", import.meta.url));
  const child = fork(program, [JSON.stringify(taskOf(member))], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: "inherit",
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("message", (told) => resolve(told as Outcome));
    child.once("exit", (code) => reject(new Error(`a member ended with ${code}`)));
  });
  return { child, outcome };
}

describe.skipIf(program === undefined)("three members in Node and a page", () => {
  test(
    "hold the same bits after every round, and predict as well as one machine",
    async () => {
      const page = await browser.newPage();
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(`${error}`));
      await page.goto(served.url);
      const others = [1, 2, 3].map(inNode);
      const joined = page.evaluate(
        (task) => (globalThis as unknown as { join(task: Task): Promise<Outcome> }).join(task),
        taskOf(0),
      );
      const rounds = () => page.evaluate(() => (globalThis as unknown as { rounds: number }).rounds);
      await expect.poll(rounds, { timeout: patience / 2 }).toBeGreaterThan(2);
      expect(page.workers()).toHaveLength(1);
      const all = await Promise.all([joined, ...others.map(({ outcome }) => outcome)]);
      expect(problems).toEqual([]);
      // Each member's part, in rounds of so many steps, and what is left of them.
      const steps = plan.epochs * Math.ceil(plan.rows / MEMBERS / plan.batch);
      expect(all[0].digests).toHaveLength(Math.floor(steps / innerSteps) + 1);
      for (const { digests, accuracy } of all) {
        expect(digests).toEqual(all[0].digests);
        expect(accuracy).toBe(all[0].accuracy);
      }
      expect(new Set(all[0].digests).size).toBeGreaterThanOrEqual(all[0].digests.length - 1);

      const { train, test } = await mnist(plan);
      const alone = trainerOf(new WasmExecutor({ threads: 1, build: "portable" }), plan);
      await alone.load({ ...train });
      await alone.fit({ batch: plan.batch, epochs: plan.epochs });
      const { accuracy } = await alone.evaluate({ ...test });
      await alone.dispose();
      console.log(
        `${MEMBERS} members, ${all[0].digests.length} rounds: ${(100 * all[0].accuracy).toFixed(2)} %; one machine: ${(100 * accuracy).toFixed(2)} %`,
      );
      expect(all[0].accuracy).toBeGreaterThan(accuracy - 0.003);
    },
    patience,
  );
});
