// Everything that is measured in headless Chromium: training steps beside others', then what training in a worker costs its page, and the playground.
await import("./steps.ts");
await import("./facade.ts");
await import("./playground.ts");

export {};
