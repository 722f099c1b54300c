// What a page does at its beginning, and what it tells of itself.
import { startOffline } from "./offline.ts";
import { startTheme } from "./theme.ts";

/** Starts what all pages have. */
export function startPage(): void {
  startTheme();
  startBar();
  startSkip();
  startOffline();
}

/** Where the bar is pushed aside on narrow screens, the page's own name is in sight, and each side that hides more says so. */
function startBar(): void {
  const link = document.querySelector<HTMLElement>(".site-header [aria-current]");
  const [list, bar] = [link?.closest("ul"), link?.closest("nav")];
  if (!link || !list || !bar) return;
  list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
  const hidden = () => ({ before: list.scrollLeft, after: list.scrollWidth - list.clientWidth - list.scrollLeft });
  const mark = () => {
    for (const [side, width] of Object.entries(hidden())) bar.classList.toggle(`has-${side}`, width > 1);
  };
  for (const [side, sign] of [
    ["before", -1],
    ["after", 1],
  ] as const)
    bar.querySelector(`.${side}`)?.addEventListener("click", () => {
      const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      list.scrollBy({ left: (sign * list.clientWidth) / 2, behavior: isCalm ? "instant" : "smooth" });
    });
  list.addEventListener("scroll", mark, { passive: true });
  new ResizeObserver(mark).observe(list);
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
