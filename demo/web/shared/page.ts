// What a page does at its beginning, and what it tells of itself.
import { startOffline } from "./offline.ts";
import { startTheme } from "./theme.ts";

/** Starts what all pages have. */
export function startPage(): void {
  startTheme();
  startOffline();
}

/** Says that all is there that a visitor needs to begin: for tests, as `main[data-ready]`. */
export function ready(): void {
  const main = document.querySelector("main");
  if (main) main.dataset.ready = "";
}
