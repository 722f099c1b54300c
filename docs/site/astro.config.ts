// The site of documents: guides from the repository's Markdown, the API from the sources. `DOCS_BASE` is the path that it is served under,
// `DOCS_DEMO` the address of the demonstrations.
import { cpSync } from "node:fs";
import { satteri } from "@astrojs/markdown-satteri";
import starlight from "@astrojs/starlight";
import { defineConfig } from "astro/config";
import starlightLinksValidator from "starlight-links-validator";
import starlightTypeDoc from "starlight-typedoc";
import { asImported, modules } from "./api.ts";
import { repository, sources, writeChanged, writePages } from "./documents.ts";
import { groups } from "./sidebar.ts";

const base = `/${process.env.DOCS_BASE ?? ""}/`.replace(/\/+/g, "/");

const icon = "../../demo/web/public/icon.svg";
writePages(base);
cpSync(new URL(icon, import.meta.url), new URL("public/icon.svg", import.meta.url));

export default defineConfig({
  base,
  trailingSlash: "always",
  outDir: "../../build/docs",
  markdown: { processor: satteri({ features: { smartPunctuation: false } }) }, // "..." is code more often than not
  integrations: [
    {
      name: "documents",
      hooks: {
        "astro:server:setup": ({ server: { watcher } }) => {
          watcher.add([...sources]);
          watcher.on("change", (path) => writeChanged(path, base));
        },
      },
    },
    starlight({
      title: "simdgrad",
      favicon: "/icon.svg",
      logo: { src: icon, alt: "" },
      customCss: ["./src/theme.css"],
      components: { SocialIcons: "./src/components/HeaderLinks.astro" },
      credits: false,
      expressiveCode: {
        themes: ["github-dark-default", "github-light"],
        defaultProps: {
          wrap: true,
          hangingIndent: 4,
          overridesByLang: { sh: { frame: "none" }, text: { wrap: false } },
        },
        styleOverrides: {
          borderRadius: "8px",
          borderColor: "var(--line)",
          codeBackground: "var(--surface)",
          codeFontSize: "0.8125rem",
          frames: {
            shadowColor: "transparent",
            editorActiveTabIndicatorTopColor: "transparent",
            editorTabBarBackground: "var(--wash)",
            editorActiveTabBackground: "var(--surface)",
          },
        },
      },
      sidebar: [
        ...groups.map(({ label, pages }) => ({ label, items: pages.map(({ route }) => route || "index") })),
        { label: "API", items: modules.map(({ name }) => ({ label: name, link: `/api/${name}/` })) },
      ],
      plugins: [
        starlightTypeDoc({
          entryPoints: modules.map(({ source }) => `../../${source}`),
          tsconfig: "../../tsconfig.json",
          typeDoc: {
            name: "API",
            plugin: [asImported],
            entryFileName: "index",
            hideBreadcrumbs: false,
            expandObjects: true,
            indexFormat: "table",
            parametersFormat: "table",
            interfacePropertiesFormat: "table",
            typeDeclarationFormat: "table",
            basePath: "../..",
            disableGit: true,
            sourceLinkTemplate: `${repository}/blob/HEAD/{path}#L{line}`,
          },
        }),
        starlightLinksValidator(),
      ],
    }),
  ],
});
