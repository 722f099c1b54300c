// A page of text.
import { ready, startPage } from "./page.ts";

startPage();
ready();
