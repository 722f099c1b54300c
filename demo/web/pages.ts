// The pages of the site, in the order of the bar and of the front page's cards. Another one joins here.

export interface SitePage {
  readonly file: string;
  /** In the bar. */
  readonly name: string;
  /** What one does there, in a sentence: on the front page's card. */
  readonly text: string;
}

export const pages: readonly SitePage[] = [
  { file: "index.html", name: "Overview", text: "Neural networks that train in this tab." },
  {
    file: "backpropagation.html",
    name: "Back-propagation",
    text: "Step through a small network with its numbers, forwards and backwards, and learn why it learns.",
  },
  {
    file: "playground.html",
    name: "Playground",
    text: "Watch a network bend its decision surface around your points while it trains at full speed.",
  },
  {
    file: "digits.html",
    name: "Digits",
    text: "Draw a digit: your first stroke starts the training, and the answer grows surer while you watch.",
  },
  {
    file: "text.html",
    name: "Text",
    text: "Drop a text of yours: a small language model learns to write like it.",
  },
  {
    file: "imagination.html",
    name: "Imagination",
    text: "Drag through the digits an autoencoder dreams up, and watch samples chase the data.",
  },
  {
    file: "cartpole.html",
    name: "Cart and pole",
    text: "Reinforcement learning, dozens to hundreds of times faster than real time. Push the cart.",
  },
  {
    file: "pictures.html",
    name: "Pictures",
    text: "Teach it your own pictures by webcam, and take the model home.",
  },
  {
    file: "words.html",
    name: "Words",
    text: "Say three words three times: it recognises them a few seconds later.",
  },
  {
    file: "benchmark.html",
    name: "Benchmark",
    text: "How fast your machine trains, beside plain TypeScript and other libraries.",
  },
];
