// Everything that is measured in headless Chromium: training steps beside others', then what training in a worker costs its page.
await import("./steps.ts");
await import("./facade.ts");

export {};
