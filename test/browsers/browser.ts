// What the tests need of a browser, whatever starts it.

export interface Browser {
  /** Name and version, as it says itself. */
  readonly version: string;
  /** Shows a page, and no other one beside it. */
  open(url: string): Promise<void>;
  /** Ends it and whatever was started for it. */
  close(): Promise<void>;
}
