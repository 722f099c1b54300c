// A Vitest browser provider around any browser that can open a page: tests run, and that is all. User events, screenshots and
// module mocks need a protocol of their own and are left out.
import { defineBrowserProvider } from "@vitest/browser";
import type { BrowserProvider, BrowserProviderOption, TestProject } from "vitest/node";
import type { Browser } from "./browser.ts";

declare module "vitest/browser" {
  interface BrowserCommands {
    __vitest_viewport: () => void;
  }
}

/** A provider for the browser that `start` starts when the first page is wanted. */
export function provider(name: string, start: () => Promise<Browser>): BrowserProviderOption {
  const providerFactory = (project: TestProject) => providerOf(project, name, start);
  return defineBrowserProvider({ name, supportedBrowser: [name], providerFactory });
}

function providerOf(project: TestProject, name: string, start: () => Promise<Browser>): BrowserProvider {
  // Asked for before every file: the tests' frame has a size of its own, the window may keep any.
  project.browser?.registerCommand("__vitest_viewport", () => {});
  let running: Promise<Browser> | undefined;
  return {
    name,
    supportsParallelism: false,
    getCommandsContext: () => ({}),
    async openPage(_, url) {
      running ??= start();
      await (await running).open(url);
    },
    async close() {
      const browser = await running?.catch(() => undefined); // what failed to start was told when a page was wanted
      running = undefined;
      await browser?.close();
    },
  };
}
