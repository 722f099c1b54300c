// Turns of the event loop: how a long piece of work lets everything else happen in between.

/** Calls back after the events that wait now. */
export interface Turns {
  /** One call of the callback, soon. */
  request(): void;
  /** Nothing more is wanted for now: lets a process end. */
  rest(): void;
}

/** Waits for one turn. */
export function aTurn(): Promise<void> {
  return new Promise((resolve) => {
    const turns = createTurns(() => {
      turns.rest();
      resolve();
    });
    turns.request();
  });
}

/** By setImmediate (Node, Bun), else by a message: neither is throttled in a hidden tab as timers are. */
export function createTurns(callback: () => void): Turns {
  if (typeof setImmediate === "function") return { request: () => void setImmediate(callback), rest: () => {} };
  let channel: MessageChannel | undefined;
  return {
    request() {
      if (channel === undefined) {
        channel = new MessageChannel();
        channel.port1.onmessage = callback;
      }
      channel.port2.postMessage(0);
    },
    rest() {
      channel?.port1.close();
      channel = undefined;
    },
  };
}
