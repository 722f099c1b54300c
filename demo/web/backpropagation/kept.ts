// Lists of texts that outlive the page: kept in this browser, where it keeps anything.

export class Kept {
  readonly #key: string;

  /** @param key what it is called among all that the browser keeps for this site */
  constructor(key: string) {
    this.#key = key;
  }

  read(): string[] {
    try {
      const kept: unknown = JSON.parse(localStorage.getItem(this.#key) ?? "[]");
      return Array.isArray(kept) ? kept.filter((each) => typeof each === "string") : [];
    } catch {
      return [];
    }
  }

  write(texts: Iterable<string>): void {
    try {
      localStorage.setItem(this.#key, JSON.stringify([...texts]));
    } catch {
      // Storage is forbidden: known for this visit alone.
    }
  }
}
