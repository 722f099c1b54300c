// Tomorrow's highest temperature: what is known the evening before as sequences, and what is forecast without networks.
import { leastSquares } from "./linear.ts";
import { MEASURES, type Weather } from "./weather.ts";

/** Days that a forecast looks back. */
export const WINDOW = 28;
const YEAR = 365;
/** Days of the linear forecast from all that the networks see: with more of them, it only gets worse. */
const ALL_WINDOW = 7;

/** Days that are forecast: their city, their place among its days. */
export interface Day {
  readonly weather: Weather;
  readonly at: number;
}

/** The days of all cities from one date to before another, as far as there is a window before them. */
export function daysBetween(cities: readonly Weather[], from: string, to: string): Day[] {
  return cities.flatMap((weather) =>
    weather.dates.flatMap((date, at) => (at >= WINDOW && date >= from && date < to ? [{ weather, at }] : [])),
  );
}

/** The highest temperature `back` days before. */
export function warmest({ weather, at }: Day, back = 0): number {
  return weather.days[at - back][0];
}

/** Where numbers are about 0, and about 1 apart. */
interface Scale {
  readonly mean: number;
  readonly deviation: number;
}

/** What a day tells: measures, the season and the city. Rain has a long tail: its logarithm is taken. */
export const FEATURES = MEASURES.length + 3;

function measuresOf({ weather, at }: Day): number[] {
  return weather.days[at].map((value, i) => (MEASURES[i] === "precipitation" ? Math.log1p(value) : value));
}

/** From days to numbers about 0, by the means and deviations of some of them. */
export class Forecaster {
  readonly #scales: readonly Scale[];
  readonly #cities: readonly string[];

  constructor(known: readonly Day[]) {
    const rows = known.map(measuresOf);
    this.#scales = MEASURES.map((_, i) => {
      const mean = rows.reduce((sum, row) => sum + row[i] / rows.length, 0);
      return { mean, deviation: Math.sqrt(rows.reduce((sum, row) => sum + (row[i] - mean) ** 2 / rows.length, 0)) };
    });
    this.#cities = [...new Set(known.map(({ weather }) => weather.city))];
  }

  /** Numbers of one day. */
  told(day: Day): number[] {
    const angle = (2 * Math.PI * Date.parse(day.weather.dates[day.at])) / (365.25 * 24 * 3600 * 1000);
    const measures = measuresOf(day).map((value, i) => (value - this.#scales[i].mean) / this.#scales[i].deviation);
    return [...measures, Math.sin(angle), Math.cos(angle), 2 * this.#cities.indexOf(day.weather.city) - 1];
  }

  /** Sequences [days, WINDOW, FEATURES] of the days before, and how much warmer than the last of these each is [days, 1]. */
  samples(days: readonly Day[]) {
    const x = days.flatMap(({ weather, at }) =>
      Array.from({ length: WINDOW }, (_, i) => this.told({ weather, at: at - WINDOW + i })).flat(),
    );
    const y = days.map((day) => (warmest(day) - warmest(day, 1)) / this.#scales[0].deviation);
    return {
      x: { data: Float32Array.from(x), shape: [days.length, WINDOW, FEATURES] },
      y: { data: Float32Array.from(y), shape: [days.length, 1] },
    };
  }

  /** Degrees of what a network says about days. */
  degrees(days: readonly Day[], said: ArrayLike<number>): number[] {
    return days.map((day, i) => warmest(day, 1) + said[i] * this.#scales[0].deviation);
  }
}

/** The root of the mean squared error of forecasts. */
export function errorOf(days: readonly Day[], forecasts: readonly number[]): number {
  return Math.sqrt(days.reduce((sum, day, i) => sum + (forecasts[i] - warmest(day)) ** 2, 0) / days.length);
}

/** As warm as a year before. */
export function lastYears(days: readonly Day[]): number[] {
  return days.map((day) => warmest(day, YEAR));
}

/** As warm as the day before. */
export function yesterdays(days: readonly Day[]): number[] {
  return days.map((day) => warmest(day, 1));
}

/** A linear function of the temperatures of the days before, of each city its own: autoregression by least squares. */
export function autoregression(known: readonly Day[], days: readonly Day[]): number[] {
  const of = (day: Day) => Array.from({ length: WINDOW }, (_, i) => warmest(day, i + 1));
  return byCity(known, days, of);
}

/** A linear function of all that the networks see of the last days. */
export function linearOfAll(known: readonly Day[], days: readonly Day[], forecaster: Forecaster): number[] {
  const ofCity = (day: Day) => forecaster.told(day).slice(0, MEASURES.length);
  const of = ({ weather, at }: Day) => [
    ...Array.from({ length: ALL_WINDOW }, (_, i) => ofCity({ weather, at: at - i - 1 })).flat(),
    ...forecaster.told({ weather, at: at - 1 }).slice(MEASURES.length, MEASURES.length + 2),
  ];
  return byCity(known, days, of);
}

function byCity(known: readonly Day[], days: readonly Day[], of: (day: Day) => number[]): number[] {
  const functions = new Map(
    [...new Set(days.map(({ weather }) => weather))].map((weather) => {
      const own = known.filter((day) => day.weather === weather);
      return [
        weather,
        leastSquares(
          own.map(of),
          own.map((day) => warmest(day)),
        ),
      ];
    }),
  );
  return days.map((day) => functions.get(day.weather)?.(of(day)) ?? Number.NaN);
}
