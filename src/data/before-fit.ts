// What is asked too early of things that learn: their types know no such methods, but JavaScript calls them.
import { ArgumentError } from "../errors.ts";

/** Has all that only a fitted one has throw an ArgumentError that says what comes first, also JSON.stringify, which would keep nothing. */
export function beforeFit(
  target: { fit(given: never): object },
  name: string,
  fitted: { readonly prototype: object },
): void {
  for (const member of Object.getOwnPropertyNames(fitted.prototype)) {
    if (member in target) continue;
    const early = () => {
      throw new ArgumentError(`${name}: ${member} is of what fit gives: call fit(...) first, and keep what it gives`);
    };
    const { value } = Object.getOwnPropertyDescriptor(fitted.prototype, member) as PropertyDescriptor;
    Object.defineProperty(target, member, value === undefined ? { get: early } : { value: early });
  }
}
