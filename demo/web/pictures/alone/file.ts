// Writes the page that runs alone: one HTML file with the network and the script that runs it.
import { download } from "../../shared/download.ts";

const style = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:30rem;margin:2rem auto;padding:0 1rem}
canvas{width:100%;aspect-ratio:1;border:1px solid #8888;border-radius:8px}
#answer{min-height:1.5em;font-size:1.25rem;font-weight:600}
ul{padding:0;list-style:none}li{display:flex;justify-content:space-between;gap:1rem}meter{width:60%}
button,label{display:inline-block;margin:0 .5rem .5rem 0}`;

/** Nothing but what is in the file. */
const policy =
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; img-src blob:; media-src blob:";

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let first = 0; first < bytes.length; first += 0x8000)
    text += String.fromCharCode(...bytes.subarray(first, first + 0x8000));
  return btoa(text);
}

/** @param network a file of `toInference`: from bytes [rows, 3, side, side] to probabilities */
export async function alonePage(names: readonly string[], side: number, network: Uint8Array): Promise<string> {
  const script = new TextDecoder().decode(await download("models/pictures-alone.js"));
  // Neither may end the element that it stands in.
  const held = JSON.stringify({ names, side, network: base64(network) }).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>What is it?</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>What is it?</h1>
<p>This file holds a small network that was taught in a browser. It sees ${side} x ${side} pixels of a picture, and sends nothing anywhere.</p>
<canvas id="view" width="256" height="256" role="img" aria-label="The picture"></canvas>
<p id="answer" role="status">Starting …</p>
<ul id="bars"></ul>
<button type="button" id="camera">Turn the camera on</button>
<label>Choose a picture <input type="file" id="file" accept="image/*"></label>
</main>
<script type="application/json" id="held">${held}</script>
<script type="module">${script.replaceAll("</script", "<\\/script")}</script>
</body>
</html>
`;
}
