// What all pages have around them, written once: `<site-head>` and `<site-header>` in their HTML become the head's common lines and the bar
// with the way from page to page. Done when pages are served or built, so that nothing moves while they load.
import type { Plugin } from "vite";

/** The pages, in the order of the bar. Another one joins here. */
const pages = [
  { file: "index.html", name: "Overview" },
  { file: "digits.html", name: "Digits" },
];

/** No request but to the page's own files, no code but theirs. */
const policy = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
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

function header(file: string): string {
  const links = pages.map((page) => {
    const current = page.file === file ? ' aria-current="page"' : "";
    return `<li><a href="./${page.file}"${current}>${page.name}</a></li>`;
  });
  return `<a class="skip" href="#main">Skip to the content</a>
    <header class="site-header">
      <a class="brand" href="./index.html"><img src="./icon.svg" width="24" height="24" alt="" />simdgrad</a>
      <nav aria-label="Pages"><ul>${links.join("")}</ul></nav>
      <button type="button" class="quiet" id="theme" aria-live="polite">Theme</button>
    </header>`;
}

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
          .replace("<site-header></site-header>", () => header(file));
      },
    },
  };
}
