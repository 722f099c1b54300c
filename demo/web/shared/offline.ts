// Keeps the site for days without a connection: a service worker, where the site is built and the browser has them.

/** Starts it once the page has loaded, and tells it what this page came with before it was there. */
export function startOffline(): void {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  const start = async () => {
    const before = navigator.serviceWorker.controller;
    await navigator.serviceWorker.register("./service-worker.js");
    // A page that it answered from the start has asked it for everything.
    if (before !== null) return;
    const { active } = await navigator.serviceWorker.ready;
    const files = performance.getEntriesByType("resource").map(({ name }) => name);
    active?.postMessage([location.href, ...files]);
  };
  // A browser that forbids it has the site while it is connected.
  const begin = () => void start().catch(() => undefined);
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
}
