// Buttons that throw away what nobody gets back: the first press asks, a second one within some seconds does it.
import { onPress, say } from "./dom.ts";

const WAITS = 4000; // ms

/** Calls back on a second press, or on the first where nothing is lost; whoever does something else meanwhile has not pressed. */
export function onSurePress(button: HTMLElement, costs: () => boolean, action: () => void): void {
  const text = button.textContent ?? "";
  let asked: ReturnType<typeof setTimeout> | undefined;
  const forget = () => {
    clearTimeout(asked);
    asked = undefined;
    say(button, text);
  };
  button.addEventListener("blur", forget);
  onPress(button, () => {
    if (asked !== undefined || !costs()) {
      forget();
      action();
      return;
    }
    say(button, "Sure? Press again");
    asked = setTimeout(forget, WAITS);
  });
}
