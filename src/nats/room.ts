// One connection to the server of a run, and the patience to ask it again while it is away.
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { NetworkError, SimdgradError } from "../errors.ts";

const PAUSE: readonly [number, number] = [50, 2000]; // ms from one try to the next, at first and at most
const GOODBYE = 2000; // ms for what is said at the end

/** Where a run is kept, and how long its server may be away. */
export interface Address {
  readonly run: string;
  readonly servers?: string | readonly string[];
  readonly connect?: Readonly<Record<string, unknown>>;
  readonly connection?: NatsConnection;
  readonly patience: number;
}

export class Room {
  readonly connection: NatsConnection;
  readonly #address: Address;
  js!: JetStreamClient;
  manager!: JetStreamManager;
  #closed = false;

  private constructor(address: Address, connection: NatsConnection) {
    this.#address = address;
    this.connection = connection;
  }

  /** @throws NetworkError where no server answers, has no JetStream, or refuses */
  static async enter(address: Address): Promise<Room> {
    const room = new Room(address, await connected(address));
    room.js = jetstream(room.connection);
    room.manager = await room.again("asking for JetStream", () => jetstreamManager(room.connection));
    return room;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Does it, again and again while the server is away, for as long as there is patience. @throws NetworkError */
  async again<T>(what: string, action: () => Promise<T>): Promise<T> {
    const end = Date.now() + this.#address.patience;
    for (let pause = PAUSE[0]; ; pause = Math.min(2 * pause, PAUSE[1])) {
      try {
        return await action();
      } catch (error) {
        if (error instanceof SimdgradError) throw error;
        const { name, message } = error as Error;
        const isFinal = /Permission|Authorization|Closed|Invalid|NotEnabled/.test(name) || this.#closed;
        if (isFinal || Date.now() > end) throw new NetworkError(`nats: ${what}: ${name}: ${message}`, { cause: error });
      }
      await wait(pause);
    }
  }

  /** Says good-bye, as far as the server listens. */
  async leave(last: () => Promise<unknown> = async () => undefined): Promise<void> {
    this.#closed = true;
    const said = last().catch(() => undefined);
    await Promise.race([said, wait(GOODBYE)]);
    if (this.#address.connection === undefined) await this.connection.close().catch(() => undefined);
  }
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A connection that comes back by itself. WebSockets are everywhere, plain connections where there are sockets. */
async function connected({ connection, servers, connect }: Address): Promise<NatsConnection> {
  if (connection !== undefined) return connection;
  const all = [servers ?? []].flat();
  const options = { ...connect, servers: all, name: "simdgrad", maxReconnectAttempts: -1, reconnectTimeWait: 500 };
  const open = all.every((each) => /^wss?:/.test(each))
    ? (await import("@nats-io/nats-core")).wsconnect
    : (await import("@nats-io/transport-node")).connect;
  try {
    return await open(options);
  } catch (error) {
    throw new NetworkError(`nats: ${all.join(", ")}: ${(error as Error).message}`, { cause: error });
  }
}
