// Changes that throw a training away count once the visitor is done with the field, not at each key: arrows go through the values between.

export interface SettledListeners {
  /** Whether there is anything to lose; where there is not, changes count at once. */
  readonly costs: () => boolean;
  /** The change counts. */
  readonly settled: () => void;
  /** A value is being chosen by keys, or typed: it counts by Enter, or when the field is left. */
  readonly waits: () => void;
}

/** Follows the changes of the fields within an element. */
export function onSettled(within: HTMLElement, { costs, settled, waits }: SettledListeners): void {
  let byKeys = false;
  let entered = false;
  let isWaiting = false;
  const settle = () => {
    if (!isWaiting) return;
    isWaiting = false;
    settled();
  };
  within.addEventListener("keydown", ({ key }) => {
    byKeys = key !== "Tab";
    entered = key === "Enter";
    if (entered) settle();
  });
  for (const event of ["pointerdown", "focusin"] as const)
    within.addEventListener(event, () => {
      byKeys = false;
      entered = false;
    });
  within.addEventListener("focusout", settle);
  within.addEventListener("change", ({ target }) => {
    const isNumber = target instanceof HTMLInputElement && target.type === "number";
    isWaiting = true;
    if (costs() && !entered && (byKeys || isNumber) && document.activeElement === target) waits();
    else settle();
  });
}
