// What the tests need of a browser, whatever drives it.

export interface BrowserPage {
  /** Runs the body of an async function in the page; gives what it returns. */
  run(body: string): Promise<unknown>;
  /** Errors on the page's console so far, where the protocol tells of them (plain WebDriver does not). */
  errors(): readonly string[];
}

export interface Browser {
  /** Name and version, as it says itself. */
  readonly version: string;
  /** Opens a page; resolves when it has loaded. */
  open(url: string): Promise<BrowserPage>;
  /** Ends it and whatever was started for it. */
  close(): Promise<void>;
}
