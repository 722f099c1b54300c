// What takes a point away: a press of the right button, or a touch that stays.

const STAYS = 500; // ms

/** Calls back with what is read of the press when it begins; a click that ends a touch that stayed is none. */
export function onRightPress<T>(
  element: HTMLElement,
  read: (event: MouseEvent) => T,
  action: (place: T) => void,
): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isDone = false;
  const act = (place: T) => {
    clearTimeout(timer);
    if (!isDone) action(place);
    isDone = true;
  };
  element.addEventListener("pointerdown", (event) => {
    clearTimeout(timer);
    isDone = false;
    const place = read(event);
    if (event.pointerType === "touch") timer = setTimeout(() => act(place), STAYS);
  });
  for (const end of ["pointerup", "pointercancel"] as const) element.addEventListener(end, () => clearTimeout(timer));
  // Some browsers ask for a menu where a touch stays, others do not.
  element.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    act(read(event));
  });
  const swallow = (event: Event) => {
    if (isDone) event.stopImmediatePropagation();
    isDone = false;
  };
  element.addEventListener("click", swallow, { capture: true });
}
