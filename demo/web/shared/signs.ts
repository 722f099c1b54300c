// A visitor's first sign of life, for which what costs much can wait: a worker, the code of what it does.

const signs = ["pointermove", "pointerdown", "touchstart", "keydown", "wheel", "scroll", "focusin"] as const;

/** Calls once, as soon as somebody points, touches, types, scrolls or comes by the keyboard. */
export function onFirstSign(action: () => void): void {
  const seen = () => {
    for (const sign of signs) removeEventListener(sign, seen, { capture: true });
    action();
  };
  for (const sign of signs) addEventListener(sign, seen, { capture: true, passive: true });
}
