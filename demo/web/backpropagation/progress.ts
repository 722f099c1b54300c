// Which chapters a visitor has solved: kept in this browser, where it keeps anything.

const KEY = "backpropagation-solved";

export class Progress {
  readonly #solved: Set<string>;

  constructor() {
    this.#solved = new Set(read());
  }

  get solved(): ReadonlySet<string> {
    return this.#solved;
  }

  solve(key: string): void {
    this.#solved.add(key);
    try {
      localStorage.setItem(KEY, JSON.stringify([...this.#solved]));
    } catch {
      // Storage is forbidden: solved for this visit alone.
    }
  }
}

function read(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}
