// Dates as numbers: days, and what comes again every year, week and day.

/** What comes again: the month, the day of the week, the hour. */
export type DatePart = (typeof DATE_PARTS)[number];

export const DATE_PARTS = ["month", "weekday", "hour"] as const;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** Days since 1970, with a fraction. */
export function daysOf(values: Float64Array): Float64Array {
  return values.map((value) => value / DAY);
}

/** The hour of the day, with a fraction. */
export function hoursOf(values: Float64Array): Float64Array {
  return values.map((value) => (((value % DAY) + DAY) % DAY) / HOUR);
}

/** The month's number or the weekday's name; null where the date is missing. */
export function namesOf(values: Float64Array, part: "month" | "weekday"): (string | null)[] {
  return Array.from(values, (value) => {
    if (Number.isNaN(value)) return null;
    const date = new Date(value);
    return part === "month" ? String(date.getUTCMonth() + 1) : WEEKDAYS[date.getUTCDay()];
  });
}

/** The parts that are not the same in all rows. */
export function partsOfDates(values: Float64Array): DatePart[] {
  const known = values.filter((value) => !Number.isNaN(value));
  return DATE_PARTS.filter(
    (part) => new Set<unknown>(part === "hour" ? hoursOf(known) : namesOf(known, part)).size > 1,
  );
}
