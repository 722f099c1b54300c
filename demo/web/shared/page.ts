// What a page does at its beginning, and what it tells of itself.
import { startOffline } from "./offline.ts";
import { startTheme } from "./theme.ts";

/** Starts what all pages have. */
export function startPage(): void {
  startTheme();
  showCurrent();
  startSkip();
  startOffline();
}

/** Where the bar is pushed aside on narrow screens, the page's own name is in sight. */
function showCurrent(): void {
  const link = document.querySelector<HTMLElement>(".site-header [aria-current]");
  const bar = link?.closest("nav");
  if (link && bar) bar.scrollLeft = link.offsetLeft - (bar.clientWidth - link.offsetWidth) / 2;
}

/** The skip link leads to the content and leaves the address alone, which says the page's state. */
function startSkip(): void {
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    const main = document.querySelector("main");
    if (main === null) return;
    event.preventDefault();
    main.tabIndex = -1;
    main.focus();
    main.scrollIntoView();
  });
}

/** Says that all is there that a visitor needs to begin: for tests, as `main[data-ready]`. */
export function ready(): void {
  const main = document.querySelector("main");
  if (main) main.dataset.ready = "";
}
