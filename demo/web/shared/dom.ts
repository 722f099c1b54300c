// The few things pages do with their elements.

/** The element with this id. @throws TypeError if the page has none, or one of another kind */
export function byId<T extends HTMLElement = HTMLElement>(id: string, kind?: new () => T): T {
  const found = document.getElementById(id);
  if (found === null || (kind !== undefined && !(found instanceof kind))) throw new TypeError(`no element #${id}`);
  return found as T;
}

/** A new element with properties and children. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Fills a select with options, the given one chosen. */
export function fillSelect(
  select: HTMLSelectElement,
  options: readonly (readonly [string, string])[],
  chosen: string,
): void {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  select.value = chosen;
}

/** Sets a text only where it differs, so that live regions do not repeat themselves. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a number as a text, and keeps all of its digits for those who compare: in `data-exact`. */
export function sayNumber(element: HTMLElement, value: number, text: string): void {
  say(element, text);
  element.dataset.exact = String(value);
}

/** A canvas's context, its elements as many as the screen has points. */
export function drawing(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  if (context === null) throw new TypeError("this browser cannot draw");
  return context;
}

/**
 * Calls back on clicks, unless the button is switched off by `enable`: it keeps the focus then, which one that is `disabled` would lose.
 */
export function onPress(button: HTMLElement, action: () => void): void {
  button.addEventListener("click", () => {
    if (button.ariaDisabled !== "true") action();
  });
}

export function enable(button: HTMLElement, enabled: boolean): void {
  button.ariaDisabled = String(!enabled);
}
