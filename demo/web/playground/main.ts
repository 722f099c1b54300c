// Brings the page to life.
import { ready, startPage } from "../shared/page.ts";
import { PlaygroundPage } from "./page.ts";

startPage();
await new PlaygroundPage().begin();
ready();
