// Light or dark: the system's choice, or the visitor's, which is remembered. What draws by itself asks for colours and learns of changes.
import { byId } from "./dom.ts";

type Theme = "light" | "dark";

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

function current(): Theme {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return system.matches ? "dark" : "light";
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // Storage is forbidden: chosen for this page alone.
  }
}

/** Called whenever colours change. */
export function onTheme(listener: () => void): void {
  listeners.add(listener);
}

/** A token as a colour that canvases take, such as `colour("accent")`. */
export function colour(token: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Red, green and blue of a token, 0 to 255. */
export function channels(token: string): readonly [number, number, number] {
  const [r, g, b] = (colour(token).match(/[\d.]+/g) ?? ["0", "0", "0"]).map(Number);
  return [r, g, b];
}

/** Starts the switch in the page's bar. */
export function startTheme(): void {
  const button = byId("theme");
  const show = () => {
    button.textContent = current() === "dark" ? "Light theme" : "Dark theme";
    for (const listener of listeners) listener();
  };
  button.addEventListener("click", () => {
    const theme: Theme = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember(theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}
