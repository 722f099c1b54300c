// What all pages have around them, written once: `<site-head>`, `<site-header>`, `<site-tools>` and `<site-footer>` in their HTML become the
// head's common lines, the bar with the way from page to page, the buttons that every page has, and the foot. Done when pages are served or
// built, so that nothing moves while they load.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { pages } from "./pages.ts";

const CODE = "https://github.com/simdgrad/simdgrad";
/** The pages that are there. */
export const present = pages.filter(({ file }) => existsSync(fileURLToPath(new URL(file, import.meta.url))));

/** No request but to the page's own files, no code but theirs. */
const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
].join("; ");

function head(building: boolean): string {
  return `<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    ${building ? `<meta http-equiv="Content-Security-Policy" content="${policy}" />` : ""}
    <link rel="icon" href="./icon.svg" type="image/svg+xml" />
    <script src="./theme-at-once.js"></script>
    <link rel="stylesheet" href="./shared/site.css" />`;
}

/** Pushes the bar aside, where more of it is hidden on that side; the keyboard has the links themselves. */
const more = (side: string, sign: string) =>
  `<button type="button" class="quiet more ${side}" tabindex="-1" aria-hidden="true">${sign}</button>`;

function header(current: string): string {
  const links = present.map(({ file, name }) => {
    const mark = file === current ? ' aria-current="page"' : "";
    return `<li><a href="./${file}"${mark}>${name}</a></li>`;
  });
  return `<a class="skip" href="#main">Skip to the content</a>
    <header class="site-header">
      <a class="brand" href="./index.html"><img src="./icon.svg" width="24" height="24" alt="" />simdgrad</a>
      <nav aria-label="Pages"><ul>${links.join("")}</ul>${more("before", "‹")}${more("after", "›")}</nav>
      <button type="button" class="quiet" id="theme" aria-live="polite">Dark theme</button>
    </header>`;
}

/** What shared/tools.ts brings to life: the way to take the page along, as a link, as code, as a model; under what the page says of it. */
const tools = (said: string) => `<section class="card tools" id="tools" aria-labelledby="tools-title">
      <h2 id="tools-title">Take it with you</h2>${said === "" ? "" : `<p>${said}</p>`}
      <div class="tools-buttons">
        <button type="button" id="copy-link">Copy link</button>
        <button type="button" id="show-code">Copy as TypeScript</button>
        <button type="button" id="save-weights" aria-disabled="true">Weights (safetensors)</button>
        <button type="button" id="save-onnx" aria-disabled="true">Model (ONNX)</button>
      </div>
      <p class="hint" id="tools-note" role="status"></p>
      <div id="code-box" hidden>
        <pre class="code" id="code" tabindex="0" role="region" aria-label="This training as TypeScript"></pre>
      </div>
    </section>`;

const footer = `<footer class="site-footer">
      <p>Everything on this page is computed by this machine’s processor. Nothing leaves it.</p>
      <p><a href="${CODE}">Code</a> <a href="${CODE}/tree/main/docs">Documents</a> <a href="https://www.npmjs.com/package/simdgrad">npm</a></p>
    </footer>`;

export function frame(): Plugin {
  let building = false;
  return {
    name: "demo-frame",
    configResolved(config) {
      building = config.command === "build";
    },
    transformIndexHtml: {
      order: "pre",
      handler(html, { path }) {
        const file = path.split("/").at(-1) || "index.html";
        return html
          .replace("<site-head></site-head>", () => head(building))
          .replace("<site-header></site-header>", () => header(file))
          .replace(/<site-tools>(.*?)<\/site-tools>/, (_, said: string) => tools(said))
          .replace("<site-footer></site-footer>", () => footer);
      },
    },
  };
}
