// Distance between members and a server on one machine: each connection passes through here, late by a stated time and no faster than a stated rate.
import { connect, createServer, type Server, type Socket } from "node:net";

/** How far away a member is. */
export interface Distance {
  /** Milliseconds from the member to the server, and as many back. */
  readonly latency: number;
  /** Bytes a millisecond that the member sends, and receives. */
  readonly up: number;
  readonly down: number;
}

/** Hands on what comes, in order, after the latency and the time that its bytes take. */
function carry(from: Socket, to: Socket, latency: number, rate: number): void {
  let free = 0; // when the line has sent what it was given
  const waiting: { readonly due: number; readonly bytes: Buffer }[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deliver = () => {
    timer = undefined;
    while (waiting.length > 0 && waiting[0].due <= performance.now()) to.write(waiting.shift()?.bytes ?? "");
    if (waiting.length > 0) timer = setTimeout(deliver, Math.max(1, waiting[0].due - performance.now()));
  };
  from.on("data", (bytes: Buffer) => {
    free = Math.max(free, performance.now()) + bytes.length / rate;
    waiting.push({ due: free + latency, bytes });
    timer ??= setTimeout(deliver, Math.max(1, waiting[0].due - performance.now()));
  });
  from.on("close", () => {
    clearTimeout(timer);
    to.destroy();
  });
  from.on("error", () => undefined); // the other side is gone, which "close" tells
}

/** A server of this machine, seen from far away. */
export class DistantServer {
  readonly #server: Server;
  readonly address: string;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.address = `nats://127.0.0.1:${port}`;
  }

  static async open(address: string, { latency, up, down }: Distance): Promise<DistantServer> {
    const port = Number(new URL(address).port);
    const server = createServer({ noDelay: true }, (member) => {
      const there = connect({ port, host: "127.0.0.1", noDelay: true });
      carry(member, there, latency, up);
      carry(there, member, latency, down);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new DistantServer(server, (server.address() as { readonly port: number }).port);
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
