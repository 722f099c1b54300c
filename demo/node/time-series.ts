// npm run time-series: tomorrow's highest temperature in Seattle and New York from the weather of four weeks, by an LSTM, a GRU and causal
// convolutions, on a year that they never saw; beside the temperature a year before and linear autoregression.
import { type Tensor, Trainer } from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import {
  type Context,
  Conv1d,
  Dropout,
  forward,
  GRU,
  type Layer,
  Linear,
  LSTM,
  mseLoss,
  relu,
  Sequential,
} from "simdgrad/nn";
import { adamW } from "simdgrad/optim";
import { writeChart } from "./chart.ts";
import {
  autoregression,
  daysBetween,
  errorOf,
  FEATURES,
  Forecaster,
  lastYears,
  linearOfAll,
  warmest,
  yesterdays,
} from "./forecasting.ts";
import { script } from "./script.ts";
import { loadWeather } from "./weather.ts";

/** Where the days begin by which networks are chosen, those that nobody sees, and where these end. */
const [CHOOSING, UNSEEN, END] = ["2014-07-01", "2015-01-01", "2016-01-01"];
/** Of the weights: that with which a network is the best on the days for choosing is taken. */
const DECAYS = [0.1, 1, 3];
/** Epochs that may pass without being better there. */
const PATIENCE = 8;
/** In the picture. */
const SHOWN = 90;

/** From sequences [N, WINDOW, FEATURES] to what a layer makes of them at the last step, and to a number [N, 1]. */
export class Forecast {
  readonly body: Layer;
  readonly dropout = new Dropout(0.2);
  readonly out: Linear;

  constructor(body: Layer, width: number) {
    this.body = body;
    this.out = new Linear(width, 1);
  }

  forward(x: Tensor, context: Context): Tensor {
    const made = forward(this.body, x, context, "body");
    const last = made.narrow(1, made.shape[1] - 1, 1).squeeze(1);
    return this.out.forward(this.dropout.forward(last, context));
  }
}

/** Filters of three steps, which lie 1, 2 and 4 apart: the last output sees 15 days. */
function convolution(width: number): Layer {
  const [first, ...others] = [1, 2, 4].map(
    (dilation, i) => new Conv1d(i === 0 ? FEATURES : width, width, 3, { padding: "causal", dilation }),
  );
  const turned = (x: Tensor) => x.permute([0, 2, 1]);
  return new Sequential(turned, first, relu, ...others.flatMap((layer) => [layer, relu]), turned);
}

export const BODIES: Readonly<Record<"LSTM" | "GRU" | "convolution", (width: number) => Layer>> = {
  LSTM: (width) => new LSTM(FEATURES, width, { batchFirst: true }) as Layer,
  GRU: (width) => new GRU(FEATURES, width, { batchFirst: true }) as Layer,
  convolution,
};

await script({
  name: "time-series",
  about: "Tomorrow's highest temperature in two cities, by recurrent networks and a convolution.",
  metric: "root of the mean squared error on an unseen year, of the weakest network (degrees Celsius)",
  options: {
    epochs: { about: "passes over the days at the most, of each network", value: "40" },
    batch: { about: "days a step", value: "32" },
    width: { about: "numbers of a state, and filters of a convolution", value: "24" },
  },
  async run({ seed, executor, whole, train, say, file }) {
    const [epochs, batch, width] = [whole("epochs"), whole("batch"), whole("width")];
    const cities = await loadWeather();
    const known = daysBetween(cities, "", CHOOSING);
    const chosenBy = daysBetween(cities, CHOOSING, UNSEEN);
    const unseen = daysBetween(cities, UNSEEN, END);
    const forecaster = new Forecaster(known);
    const choosing = forecaster.samples(chosenBy);
    const before = [...known, ...chosenBy];
    const linear = autoregression(before, unseen);
    const plain = {
      "a year before": lastYears(unseen),
      "the day before": yesterdays(unseen),
      autoregression: linear,
      "linear in all inputs": linearOfAll(before, unseen, forecaster),
    };
    const errors: Record<string, number> = {};
    for (const [name, forecasts] of Object.entries(plain)) errors[name] = errorOf(unseen, forecasts);
    const networks: Record<string, number[]> = {};
    let seconds = 0;
    for (const [name, bodyOf] of Object.entries(BODIES)) {
      let least = Number.POSITIVE_INFINITY;
      for (const weightDecay of DECAYS) {
        const trainer = new Trainer(new Forecast(bodyOf(width), width), {
          loss: mseLoss,
          optimizer: adamW(2e-3, { weightDecay }),
          executor,
          seed,
        });
        await trainer.load(forecaster.samples(known));
        const callbacks = [earlyStopping({ patience: PATIENCE, restoreBest: true })];
        const fit = { batch, epochs, validation: choosing, callbacks };
        const history = await train(trainer, fit, () => `${name}, decay ${weightDecay}`);
        seconds += history.reduce((sum, epoch) => sum + epoch.seconds, 0);
        const { loss } = await trainer.evaluate(choosing);
        const { data } = await trainer.predict(forecaster.samples(unseen).x);
        if (loss < least) [least, networks[name]] = [loss, forecaster.degrees(unseen, data)];
        await trainer.dispose();
      }
      errors[name] = errorOf(unseen, networks[name]);
    }
    for (const [name, error] of Object.entries(errors)) say(`${name}: ${error.toFixed(3)}`);
    const path = await file("time-series.svg");
    const shown = unseen.slice(-SHOWN);
    await writeChart(path, {
      title: `Highest temperature of the day, ${shown[0].weather.city}`,
      unit: "°C",
      labels: shown.map(({ weather, at }) => weather.dates[at]),
      lines: [
        { name: "measured", values: shown.map((day) => warmest(day)), colour: "#222" },
        { name: "autoregression", values: linear.slice(-SHOWN), colour: "#c60" },
        { name: "LSTM", values: networks.LSTM.slice(-SHOWN), colour: "#06c" },
      ],
    });
    say(`the last ${SHOWN} days: ${path}`);
    const value = Math.max(...Object.keys(networks).map((name) => errors[name]));
    const baseline = Math.min(errors.autoregression, errors["a year before"]);
    return { value, baseline, seconds, more: errors };
  },
});
