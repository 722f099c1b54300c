// Everything that is measured in headless Chromium: training steps beside others', then what training in a worker costs its page, then what visitors
// of the site wait for.
await import("./steps.ts");
await import("./facade.ts");
await import("./first-view.ts");

export {};
