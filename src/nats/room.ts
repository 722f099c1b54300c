// One connection to the server of a run, and the patience to ask it again while it is away.
import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { KV } from "@nats-io/kv";
import type { NatsConnection, Status } from "@nats-io/nats-core";
import type { ObjectStore } from "@nats-io/obj";
import { ArgumentError, SimdgradError, UnsupportedError } from "../errors.ts";
import { NetworkError } from "./network-error.ts";
import type { Place } from "./options.ts";

const PAUSE: readonly [number, number] = [50, 2000]; // ms from one try to the next, at first and at most
const SILENT = 5000; // ms for which it is not said that the server is away
const AWHILE = 15_000; // ms that one try counts at most: a machine that slept has not asked
const GOODBYE = 2000; // ms for what is said at the end

/** What ends a wait that nobody wants any more. */
export class Left extends Error {}

/** Names of errors after which asking again helps nobody: the server refuses, or what it holds is broken. */
const FINAL = /Permission|Authorization|Closed|Invalid|NotEnabled|^(Error|TypeError|SyntaxError|RangeError)$/;

/** What helps where the client's words do not say it. */
const HELP: Readonly<Record<string, string>> = {
  JetStreamNotEnabled: " (nats-server -js has it)",
  ClosedConnectionError: " (a connection that is to come back has maxReconnectAttempts: -1)",
};

export class Room {
  readonly connection: NatsConnection;
  readonly #place: Place;
  readonly #clients: Clients;
  readonly js: JetStreamClient;
  manager!: JetStreamManager;
  closed = false;
  /** What was asked and is not answered. */
  readonly #asked = new Set<Promise<unknown>>();
  /** Whoever waits for an answer: once the connection has come back, it may never come. */
  readonly #returned = new Set<(error: Error) => void>();
  #left = false;
  #isTold = false;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #unsignal = () => {};
  /** What the connection tells of itself; one of the caller's goes on after this room. */
  readonly #statuses: AsyncIterable<Status> & { stop?(): void };

  private constructor(place: Place, connection: NatsConnection, clients: Clients) {
    this.#place = place;
    this.connection = connection;
    this.#clients = clients;
    this.js = clients.jetstream(connection);
    this.#statuses = connection.status();
  }

  /**
   * Enters, and opens what is wanted there.
   * @throws NetworkError where no server answers, has no JetStream, or refuses; UnsupportedError where its clients are not installed
   */
  static async enter<T>(
    place: Place,
    what: string,
    open: (room: Room) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const clients = await installed(clientsOf);
    const connecting = connected(place);
    const isOwn = place.connection === undefined; // a caller's is there, and stays open
    const room = new Room(place, await (isOwn ? unlessAborted(connecting, signal) : connecting), clients);
    const leaveSoon = () => room.#leaveSoon();
    if (signal?.aborted) leaveSoon();
    else signal?.addEventListener("abort", leaveSoon);
    room.#unsignal = () => signal?.removeEventListener("abort", leaveSoon);
    void room.#watch().catch(() => undefined); // it ends with the connection
    try {
      room.manager = await room.again("asking for JetStream", () => clients.jetstreamManager(room.connection));
      return await room.again(what, () => open(room));
    } catch (error) {
      await room.leave();
      throw error;
    }
  }

  /** Enters, asks for something, and leaves. @throws as `enter` does */
  static async visit<T>(place: Place, what: string, ask: (room: Room) => Promise<T>): Promise<T> {
    const [room, answer] = await Room.enter(place, what, async (room) => [room, await ask(room)] as const);
    await room.leave();
    return answer;
  }

  /** A bucket of small values, as the one that leads the cluster has them; those of one with a lifetime in milliseconds go after it. */
  bucket(name: string, lifetime = 0): Promise<KV> {
    return new this.#clients.Kvm(this.js).create(name, { allow_direct: false, ttl: lifetime });
  }

  objects(name: string): Promise<ObjectStore> {
    return new this.#clients.Objm(this.js).create(name);
  }

  /** A bucket that there is, or none: to look makes nothing. */
  bucketSeen(name: string): Promise<KV> {
    return new this.#clients.Kvm(this.js).open(name, { allow_direct: false });
  }

  objectsSeen(name: string): Promise<ObjectStore> {
    return new this.#clients.Objm(this.js).open(name);
  }

  /** Tells those who wait that the server was away, or what it refuses of what is a run's. */
  async #watch(): Promise<void> {
    const away = Object.assign(new Error("the server was away"), { name: "ConnectionError" });
    for await (const status of this.#statuses) {
      const refused =
        status.type === "error" && /Permission.*(simdgrad|STREAM.LIST)/.test(`${status.error}`) && status.error;
      const told = status.type === "reconnect" ? away : refused;
      if (told) for (const tell of [...this.#returned]) tell(told);
    }
  }

  /** From the signal on what is under way has a moment to end, and then nobody waits. */
  #leaveSoon(): void {
    if (this.closed) return;
    this.#leaving = setTimeout(() => {
      this.#left = true;
      for (const tell of [...this.#returned]) tell(new Left());
    }, GOODBYE);
  }

  /** @throws Left once that moment is over */
  stay(): void {
    if (this.#left) throw new Left();
  }

  /** Waits for what has nothing to do with the server, and may never end. @throws Left once nobody wants it any more */
  async whileHere<T>(action: () => Promise<T>): Promise<T> {
    this.stay();
    return this.#unless((error) => error instanceof Left, action());
  }

  /** Listens until the server is away, or refuses: what comes of asking anew tells which. */
  async listen(action: () => Promise<void>): Promise<void> {
    await this.#unless(() => true, action()).catch((error) => {
      if (error instanceof SimdgradError || error instanceof Left) throw error;
    });
  }

  /** Does it, again and again while the server is away, for as long as there is patience. @throws NetworkError */
  async again<T>(what: string, action: () => Promise<T>): Promise<T> {
    let waited = 0;
    let since = performance.now();
    for (let pause = PAUSE[0]; ; pause = Math.min(2 * pause, PAUSE[1])) {
      this.stay();
      try {
        const asked = action();
        this.#asked.add(asked);
        void asked.catch(() => undefined).then(() => this.#asked.delete(asked));
        return await this.#unless(() => true, asked);
      } catch (error) {
        if (error instanceof SimdgradError || error instanceof Left) throw error;
        const now = performance.now();
        waited += Math.min(now - since, AWHILE);
        since = now;
        const { name, message } = error as Error;
        const text = `nats: ${what}: ${name}: ${message}${HELP[name] ?? ""}`;
        if (FINAL.test(name) || this.closed || waited > this.#place.patience)
          throw new NetworkError(text, { cause: error });
        if (waited > SILENT && !this.#isTold) {
          this.#isTold = true;
          console.warn(`simdgrad: ${text}; asked again for up to ${Math.round(this.#place.patience / 1000)} s`);
        }
      }
      await wait(pause);
    }
  }

  /** What is being done, unless something is told meanwhile that ends the waiting for it. */
  async #unless<T>(isEnd: (error: Error) => boolean, doing: Promise<T>): Promise<T> {
    let tell = (_: Error) => {};
    const told = new Promise<never>((_, reject) => {
      tell = (error) => isEnd(error) && reject(error);
    });
    this.#returned.add(tell);
    try {
      return await Promise.race([doing, told]);
    } finally {
      this.#returned.delete(tell);
    }
  }

  /**
   * Says good-bye, as far as the server listens, and waits for its answers: NATS's clients leave a timer behind, which keeps a process alive,
   * where a connection is closed that a consumer is being made on.
   */
  async leave(last: () => Promise<unknown> = async () => undefined): Promise<void> {
    this.closed = true;
    this.#unsignal();
    clearTimeout(this.#leaving);
    this.#statuses.stop?.();
    await within(GOODBYE, Promise.allSettled([last(), ...this.#asked])).catch(() => undefined);
    if (this.#place.connection === undefined) await this.connection.close().catch(() => undefined);
  }
}

/** Codes of JetStream's: another message came first. */
const LATE: readonly unknown[] = [10071, 10164];

/** Undefined for the error that another member was first; throws any other. */
export function unlessLate(error: unknown): undefined {
  if (!LATE.includes((error as { readonly code?: unknown }).code)) throw error;
}

/** A member that leaves in the middle of something keeps what it has: undefined comes of that. */
export async function unlessLeft<T>(act: Promise<T>): Promise<T | undefined> {
  return act.catch((error) => {
    if (!(error instanceof Left)) throw error;
    return undefined;
  });
}

/** A connection that comes too late for who wanted it is closed. @throws Left where it is wanted no more */
async function unlessAborted(connecting: Promise<NatsConnection>, signal?: AbortSignal): Promise<NatsConnection> {
  let tell = () => {};
  const aborted = new Promise<never>((_, reject) => {
    tell = () => {
      void connecting.then((connection) => connection.close()).catch(() => undefined);
      reject(new Left());
    };
  });
  if (signal?.aborted) tell();
  signal?.addEventListener("abort", tell);
  try {
    return await Promise.race([connecting, aborted]);
  } finally {
    signal?.removeEventListener("abort", tell);
  }
}

/** @throws an error for what is not there after so many milliseconds */
export async function within<T>(milliseconds: number, asked: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error("no answer"), { name: "TimeoutError" })), milliseconds);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

type Clients = Awaited<ReturnType<typeof clientsOf>>;

async function clientsOf() {
  const [{ jetstream, jetstreamManager }, { Kvm }, { Objm }] = await Promise.all([
    import("@nats-io/jetstream"),
    import("@nats-io/kv"),
    import("@nats-io/obj"),
  ]);
  return { jetstream, jetstreamManager, Kvm, Objm };
}

/** Loads what users install beside. @throws UnsupportedError where they have not */
async function installed<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const packages = "@nats-io/transport-node @nats-io/jetstream @nats-io/kv @nats-io/obj";
    const text = `nats: its clients cannot be loaded: npm i ${packages} (${(error as Error).message})`;
    throw new UnsupportedError(text, { cause: error });
  }
}

/**
 * A connection that comes back by itself. WebSockets are everywhere, plain connections where there are sockets.
 * @throws ArgumentError for credentials that contradict one another, and for addresses that a page cannot reach; NetworkError
 */
async function connected({ connection, servers, connect = {} }: Place): Promise<NatsConnection> {
  if (connection !== undefined) return connection as NatsConnection;
  const { addresses, login } = withLogin([servers ?? []].flat());
  const twice =
    Object.keys(login).length > 0 && ["user", "pass", "token", "authenticator"].find((each) => each in connect);
  if (twice) throw new ArgumentError(`nats: servers have credentials, and connect has ${twice}: give one of them`);
  const isWeb = addresses.some((each) => /^wss?:/.test(each));
  if (isWeb && !addresses.every((each) => /^wss?:/.test(each)))
    throw new ArgumentError(`nats: servers of one member are WebSockets or none is, got ${addresses.join(", ")}`);
  if (isWeb && globalThis.WebSocket === undefined)
    throw new UnsupportedError(
      "nats: ws:// and wss:// need a WebSocket, which Node has from 22 on: nats:// does without",
    );
  if (!isWeb && globalThis.process?.versions?.node === undefined)
    throw new ArgumentError(`nats: a page reaches servers by ws:// or wss://, got ${addresses.join(", ")}`);
  const isSecure = addresses.some((each) => each.startsWith("tls:"));
  const options = {
    ...(isSecure && { tls: {} }), // the client takes tls:// for nats://
    ...connect,
    ...login,
    servers: addresses,
    name: "simdgrad",
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
  };
  const open = await installed(async () =>
    isWeb ? (await import("@nats-io/nats-core")).wsconnect : (await import("@nats-io/transport-node")).connect,
  );
  try {
    return await open(options);
  } catch (error) {
    const message = (error as Error).message || "no answer"; // a WebSocket does not say why
    throw new NetworkError(`nats: ${addresses.join(", ")}: ${message}`, { cause: error });
  }
}

/** Addresses without their credentials, which NATS's clients take beside them and give each server. */
function withLogin(servers: readonly string[]) {
  const parts = servers.map((each) => /^(\w+:\/\/)(?:(.*)@)?(.*)$/.exec(each) ?? ["", "", undefined, each]);
  const given = new Set(parts.flatMap(([, , login]) => login ?? []));
  if (given.size > 1) throw new ArgumentError("nats: servers of one run have one user, and the addresses name several");
  const [login] = given;
  const [user, ...pass] = (login ?? "").split(":");
  const token = { token: decoded(user) };
  const own = pass.length > 0 ? { user: decoded(user), pass: decoded(pass.join(":")) } : token;
  return { addresses: parts.map(([, scheme, , host]) => `${scheme}${host}`), login: login === undefined ? {} : own };
}

/** What % stands for in addresses. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
