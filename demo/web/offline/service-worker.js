// Answers from what is kept where the network does not. VERSION and FILES stand before these lines (plugin.ts): another build is another
// version, which is fetched as a whole, and takes over once no page of the one before is open: that may still ask for its own files.
const NAME_OF_SITE = `simdgrad ${registration.scope} `; // other sites of the origin have theirs
const NAME = NAME_OF_SITE + VERSION;
const kept = () => caches.open(NAME);
/** Files with a hash in their names never change. */
const isSettled = (url) => new URL(url, location).pathname.includes("/assets/");

addEventListener("install", (event) => {
  // Not what a browser kept of an earlier build. Without a connection to the end it is tried another time.
  const fetchOne = async (cache, file) => {
    const request = new Request(file, { cache: isSettled(file) ? "default" : "no-cache" });
    const response = await fetch(request);
    if (response.status === 200) await cache.put(request, plain(response));
  };
  const fetchAll = async () => {
    const cache = await kept();
    await Promise.all(FILES.map((file) => fetchOne(cache, file)));
  };
  event.waitUntil(fetchAll());
});

addEventListener("activate", (event) => {
  const drop = async () => {
    const names = await caches.keys();
    const old = names.filter((name) => name.startsWith(NAME_OF_SITE) && name !== NAME);
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
    for (const name of names.filter((each) => each.startsWith(registration.scope)))
      if (!(await cache.match(name, { ignoreSearch: true })))
        await fromNetwork(new Request(name)).catch(() => undefined);
  };
  event.waitUntil(keep());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(registration.scope)) return;
  event.respondWith(isSettled(request.url) ? fromKept(request, event) : fromNetwork(request, event));
});

async function fromKept(request, event) {
  const found = await (await kept()).match(request, { ignoreSearch: true });
  return found ?? fromNetwork(request, event);
}

/** Its answer is kept while the page already reads it. */
async function fromNetwork(request, event) {
  const cache = await kept();
  try {
    const response = await fetch(request);
    if (response.status !== 200 || request.headers.has("range")) return response;
    const keeping = cache.put(request, plain(response.clone())).catch(() => undefined); // the disk may be full
    if (event) event.waitUntil(keeping);
    else await keeping;
    return response;
  } catch (error) {
    const found = await cache.match(request, { ignoreSearch: true });
    if (found === undefined) throw error;
    return found;
  }
}

/** Pages refuse an answer that went another way than they asked, as that of a server that leaves .html away. */
function plain(response) {
  if (!response.redirected) return response;
  const { body, status, headers } = response;
  return new Response(body, { status, headers });
}
