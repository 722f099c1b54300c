// A NATS server with JetStream on a free port of this machine, its store in a temporary folder: Debian's, found or installed.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const usual = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];

/** The server's program, or undefined where there is none and none can be had. */
export async function findServer(): Promise<string | undefined> {
  const found = process.env.NATS_SERVER ?? usual.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const folder = join(tmpdir(), "simdgrad-nats-server");
  const program = join(folder, "usr/sbin/nats-server");
  if (existsSync(program)) return program;
  try {
    const draft = await mkdtemp(join(tmpdir(), "simdgrad-nats-"));
    execFileSync("apt-get", ["download", "nats-server"], { cwd: draft, stdio: "ignore", timeout: 60_000 });
    const [archive] = (await readdir(draft)).filter((name) => name.endsWith(".deb"));
    await mkdir(folder, { recursive: true });
    execFileSync("dpkg-deb", ["-x", join(draft, archive), folder], { stdio: "ignore" });
    await rm(draft, { recursive: true, force: true });
    return existsSync(program) ? program : undefined;
  } catch {
    return undefined;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class NatsServer {
  readonly #program: string;
  readonly #folder: string;
  readonly #configuration: string;
  readonly address: string;
  readonly webSocket: string;
  #lines: readonly string[] = [];
  #process: ChildProcess | undefined;

  private constructor(program: string, folder: string, port: number, web: number) {
    this.#program = program;
    this.#folder = folder;
    this.#configuration = join(folder, "nats.conf");
    this.address = `nats://127.0.0.1:${port}`;
    this.webSocket = `ws://127.0.0.1:${web}`;
  }

  /** @param more lines of its configuration, such as users and their rights */
  static async start(program: string, more = ""): Promise<NatsServer> {
    const folder = await mkdtemp(join(tmpdir(), "simdgrad-nats-store-"));
    const [port, web] = [await freePort(), await freePort()];
    const server = new NatsServer(program, folder, port, web);
    server.#lines = [
      `listen: 127.0.0.1:${port}`,
      `jetstream { store_dir: "${folder}/store" }`,
      `websocket { listen: "127.0.0.1:${web}", no_tls: true }`,
    ];
    await server.configure(more);
    await server.resume();
    return server;
  }

  /** Its process, while it runs. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Gives it other users and rights, also while it runs. */
  async configure(more: string): Promise<void> {
    await writeFile(this.#configuration, [...this.#lines, more].join("\n"));
    this.#process?.kill("SIGHUP");
  }

  /** Starts it (again), with what it had stored. */
  async resume(): Promise<void> {
    const child = spawn(this.#program, ["-c", this.#configuration], { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      child.stderr?.on("data", (text) => {
        said += text;
        if (said.includes("Server is ready")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`nats-server ended with ${code}: ${said}`)));
    });
  }

  /** Kills it as a power failure would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    this.#process = undefined;
    child.removeAllListeners("exit");
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 2000))]);
  }

  /** Takes away all that it had stored, while it is killed. */
  async empty(): Promise<void> {
    await rm(join(this.#folder, "store"), { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
