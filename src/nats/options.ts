// What a member of a run is told, and its checks.
import {
  aboveZero,
  aFraction,
  anObjectWith,
  aPositiveNumber,
  aWholeNumber,
  type Checks,
  checkOptions,
  isRecord,
  must,
  oneOf,
} from "../check.ts";
import { ArgumentError } from "../errors.ts";

/** A connection as NATS's own clients give it, by what a run needs to know it. */
export interface NatsConnection {
  publish(subject: string, ...more: never[]): void;
  request(subject: string, ...more: never[]): Promise<unknown>;
  status(): AsyncIterable<{ readonly type: string }>;
}

/** Where a run is, and how its server is reached. */
export interface RunOptions {
  /** Name of the run: letters, digits, - and _. All of its members name it. */
  readonly run: string;
  /** Addresses such as "nats://127.0.0.1:4222", in pages "ws://127.0.0.1:8080". Or `connection`. */
  readonly servers?: string | readonly string[];
  /** User, password, token, TLS: what NATS's own `connect` takes beside the addresses. */
  readonly connect?: Readonly<Record<string, unknown>>;
  /** A connection of the caller's, which stays open. */
  readonly connection?: NatsConnection;
  /** Milliseconds for which the server may be away. Default 300,000. */
  readonly patience?: number;
}

/** How a training is shared with others over NATS. */
export interface NatsOptions extends RunOptions {
  /** Name of this member; default a random one. */
  readonly member?: string;
  /** Steps that each member makes on its own data between two rounds. Default 100. */
  readonly innerSteps?: number;
  /** The round of the run after which the fit ends, for all members that are told the same with one model. Default: the fit's own end. */
  readonly rounds?: number;
  /** The step that a round makes of the members' mean change. Default rate 0.7 and momentum 0.9; 1 and 0 average the weights. */
  readonly outer?: { readonly learningRate?: number; readonly momentum?: number };
  /** How changes travel. Default "f32". */
  readonly precision?: "f32" | "f16";
  /** Milliseconds after which a round is closed without those who have not come. Default 30,000. */
  readonly deadline?: number;
  /** Members without whom no round is closed. Default 1. */
  readonly minMembers?: number;
  /** The norm that a member's change is cut to, against members that are broken or hostile. Default: none. */
  readonly maxNorm?: number;
  /** Milliseconds between two signs of life, the same for all members of a run; three that are missed are a death. Default 3,000. */
  readonly heartbeat?: number;
}

/** Where a run is, with the patience that holds. */
export type Place = Partial<RunOptions> & { readonly patience: number };

/** Options with what holds where none is given; settings are what all members of a run must agree on. */
export type Chosen = ReturnType<typeof chosen>;

function aName(value: unknown, what: string): void {
  const holds = typeof value === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(value);
  must(holds, value, what, "1 to 64 letters, digits, - or _");
}

function servers(value: unknown, what: string): void {
  const all = Array.isArray(value) ? value : [value];
  const isAddress = (each: unknown) => typeof each === "string" && /^(nats|tls|wss?):\/\/[^\s/]/.test(each);
  must(all.length > 0 && all.every(isAddress), value, what, 'an address such as "nats://127.0.0.1:4222", or several');
}

const ofRuns: Checks<RunOptions> = {
  run: aName,
  servers,
  connect: (value, what) => must(isRecord(value), value, what, "an object"),
  connection: anObjectWith("a connection of NATS", "publish", "request", "status"),
  patience: aPositiveNumber,
};

/** Checks options of a run and those beside them. @throws ArgumentError naming what does not fit */
export function placed<T extends Partial<RunOptions>>(
  options: T,
  name: string,
  others: Checks<Omit<T, keyof RunOptions>>,
  ...needed: (keyof T & string)[]
): T & Place {
  checkOptions(options, name, { ...ofRuns, ...others } as unknown as Checks<T>, ...needed);
  const { servers, connection, connect = {} } = options;
  if ((servers === undefined) === (connection === undefined))
    throw new ArgumentError(`${name}: give servers or a connection`);
  if (connection !== undefined && options.connect !== undefined)
    throw new ArgumentError(`${name}: connect is of no use beside a connection`);
  if ("servers" in connect) throw new ArgumentError(`${name}: give servers beside connect, not in it`);
  return { ...options, patience: options.patience ?? 300_000 };
}

/** @throws ArgumentError naming what does not fit */
export function chosen(given: NatsOptions) {
  const checks: Checks<Omit<NatsOptions, keyof RunOptions>> = {
    member: aName,
    innerSteps: aWholeNumber(1),
    rounds: aWholeNumber(1),
    outer: (value, what) =>
      checkOptions(value as NatsOptions["outer"] & {}, what, { learningRate: aPositiveNumber, momentum: aFraction }),
    precision: oneOf("f32", "f16"),
    deadline: aPositiveNumber,
    minMembers: aWholeNumber(1, 1000),
    maxNorm: aboveZero,
    heartbeat: aWholeNumber(50, 600_000),
  };
  const options = placed<NatsOptions>(given, "nats", checks, "run");
  const { innerSteps = 100, precision = "f32", maxNorm = Number.POSITIVE_INFINITY, heartbeat = 3_000 } = options;
  const { learningRate = 0.7, momentum = 0.9 } = options.outer ?? {};
  return {
    ...options,
    member: options.member ?? crypto.randomUUID().slice(0, 8),
    rounds: options.rounds ?? Number.POSITIVE_INFINITY,
    deadline: options.deadline ?? 30_000,
    minMembers: options.minMembers ?? 1,
    settings: {
      innerSteps,
      learningRate,
      momentum,
      precision,
      maxNorm: Number.isFinite(maxNorm) ? maxNorm : null,
      heartbeat,
    },
  };
}
