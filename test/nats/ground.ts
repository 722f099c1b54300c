// What the tests of trials stand on: a server, a connection to it, and members that serve trials until all tests of a file are over.
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll } from "vitest";
import { type ServeTrialsOptions, serveTrials } from "../../src/nats/index.ts";
import { findServer, NatsServer } from "./server.ts";

const program = await findServer();
export const isServerMissing = program === undefined;

export class Ground {
  readonly #over = new AbortController();
  readonly #members: Promise<void>[] = [];
  readonly #servers: NatsServer[] = [];
  server!: NatsServer;
  connection!: NatsConnection;

  constructor() {
    beforeAll(async () => {
      if (isServerMissing) return;
      this.server = await this.start();
      this.connection = await connect({ servers: [this.server.address] });
    }, 60_000);
    afterAll(async () => {
      this.#over.abort();
      await Promise.all(this.#members);
      await this.connection?.close();
      await Promise.all(this.#servers.map((each) => each.stop()));
    });
  }

  /** Aborted when all tests are over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Another server. */
  async start(more = ""): Promise<NatsServer> {
    const started = await NatsServer.start(program as string, more);
    this.#servers.push(started);
    return started;
  }

  /** A member until all tests are over. */
  serve<V>(options: ServeTrialsOptions<V>): void {
    this.#members.push(serveTrials({ ...options, signal: this.signal }));
  }
}
