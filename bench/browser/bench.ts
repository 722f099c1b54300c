// Everything that is measured in headless Chromium: training steps beside others', what training in a worker costs its page, the playground, and
// what visitors of the site wait for.
await import("./steps.ts");
await import("./facade.ts");
await import("./playground.ts");
await import("./first-view.ts");

export {};
