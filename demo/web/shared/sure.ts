// Buttons that throw away what nobody gets back: the first press asks, a second one within some seconds does it.
import { onPress, say } from "./dom.ts";

const WAITS = 4000; // ms
const QUESTION = "Sure? Press again";

/** Calls back on a second press, or on the first where nothing is lost; whoever does something else meanwhile has not pressed. */
export function onSurePress(button: HTMLElement, costs: () => boolean, action: () => void): void {
  /** Takes the question back; undefined while nothing is asked. */
  let takeBack: (() => void) | undefined;
  const forget = () => takeBack?.();
  button.addEventListener("blur", forget);
  onPress(button, () => {
    if (takeBack !== undefined || !costs()) {
      forget();
      action();
      return;
    }
    const { textContent, ariaLabel } = button;
    const timer = setTimeout(forget, WAITS);
    takeBack = () => {
      takeBack = undefined;
      clearTimeout(timer);
      button.ariaLabel = ariaLabel;
      if (button.textContent === QUESTION) say(button, textContent ?? ""); // it may say something else by now
    };
    say(button, QUESTION);
    if (ariaLabel !== null) button.ariaLabel = `${QUESTION}: ${ariaLabel}`;
  });
}
