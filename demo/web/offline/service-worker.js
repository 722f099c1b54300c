// Answers from what is kept where the network does not. VERSION and FILES stand before these lines (plugin.ts): another build is another
// version, which is fetched as a whole before it takes over.
const NAME = `simdgrad ${VERSION}`;
const kept = () => caches.open(NAME);

addEventListener("install", (event) => {
  // From the network, not from what a browser kept of an earlier build; one that is missing does not keep the others away.
  const fetchAll = async (cache) => {
    await Promise.all(FILES.map((file) => cache.add(new Request(file, { cache: "no-cache" })).catch(() => undefined)));
    await self.skipWaiting();
  };
  event.waitUntil(kept().then(fetchAll));
});

addEventListener("activate", (event) => {
  const drop = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith("simdgrad ") && name !== NAME);
    await Promise.all(old.map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(drop());
});

// What a page came with before this worker was there: its data, too.
addEventListener("message", (event) => {
  const names = Array.isArray(event.data) ? event.data.filter((name) => typeof name === "string") : [];
  const keep = async () => {
    const cache = await kept();
    for (const name of names)
      if (!(await cache.match(name, { ignoreSearch: true }))) await cache.add(name).catch(() => undefined);
  };
  event.waitUntil(keep());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin || !request.url.startsWith(registration.scope)) return;
  // Files with a hash in their names never change; anything else is asked for first.
  const settled = /\/assets\//.test(url.pathname);
  event.respondWith(settled ? fromKept(request) : fromNetwork(request));
});

async function fromKept(request) {
  const found = await (await kept()).match(request, { ignoreSearch: true });
  return found ?? fromNetwork(request);
}

async function fromNetwork(request) {
  const cache = await kept();
  try {
    const response = await fetch(request);
    if (response.status === 200) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const found = await cache.match(request, { ignoreSearch: true });
    if (found === undefined) throw error;
    return found;
  }
}
