// What of the front page is made when the site is built: the example's colours, the programs of its network, and the cards of all pages, with
// pictures where there are some.
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import type { SitePage } from "../pages.ts";
import { HEIGHT, madePictures, pictureName, themes, WIDTH } from "../pictures-of-pages/files.ts";
import { escaped, highlight } from "./highlight.ts";

/** What prepare.ts makes, as a module. */
const PREPARED = "\0virtual:prepared";

function example(): string {
  const code = readFileSync(new URL("./example.ts", import.meta.url), "utf8");
  const html = highlight(code.replaceAll(/^\/\/ biome-ignore.*\n/gm, "").trimEnd());
  return `<pre class="code" id="example" tabindex="0" role="region" aria-label="A training in ten lines">${html}</pre>`;
}

function card({ file, name, text }: SitePage, pictures: ReadonlyMap<string, unknown>): string {
  const images = themes
    .map((theme) => ({ theme, picture: pictureName(file, theme) }))
    .filter(({ picture }) => pictures.has(picture))
    .map(
      ({ theme, picture }) =>
        `<img class="in-${theme}" src="./${picture}" width="${WIDTH}" height="${HEIGHT}" loading="lazy" alt="" />`,
    );
  const words = `<span class="door-text"><strong>${escaped(name)}</strong><span>${escaped(text)}</span></span>`;
  return `<li><a class="card door" href="./${file}">${images.join("")}${words}</a></li>`;
}

export function frontPage(present: readonly SitePage[]): Plugin {
  const pictures = madePictures();
  return {
    name: "demo-front-page",
    resolveId: (id) => (id === "virtual:prepared" ? PREPARED : undefined),
    async load(id) {
      if (id !== PREPARED) return;
      // Of the package as it was built: by Node itself, beside what bundles this file.
      const { preparedModule } = await import(new URL("prepare.ts", import.meta.url).href);
      return preparedModule();
    },
    // Once assets have their names: pictures keep theirs.
    transformIndexHtml: {
      order: "post",
      handler: (html) =>
        html
          .replace("<front-example></front-example>", () => example())
          .replace("<front-cards></front-cards>", () =>
            present
              .filter(({ file }) => file !== "index.html")
              .map((page) => card(page, pictures))
              .join(""),
          ),
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const content = pictures.get((request.url ?? "").split("?")[0].slice(1));
        if (content === undefined) return next();
        response.setHeader("Content-Type", "image/webp");
        response.end(content);
      });
    },
    generateBundle() {
      if (this.environment.name !== "client") return;
      for (const [fileName, source] of pictures) this.emitFile({ type: "asset", fileName, source });
    },
  };
}
