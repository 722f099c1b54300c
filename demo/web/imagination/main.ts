// The page of imagination: digits of two numbers, and points of noise.
import { ready, startPage } from "../shared/page.ts";
import { ImaginationPage } from "./page.ts";

startPage();
new ImaginationPage();
ready();
