// Brings the page to life.
import { ready, startPage } from "../shared/page.ts";
import { PlaygroundPage } from "./page.ts";

startPage();
new PlaygroundPage().begin();
ready();
