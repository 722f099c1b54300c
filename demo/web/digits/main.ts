// The page of digits: what its parts have to do with each other.
import { ready, startPage } from "../shared/page.ts";
import { DigitsPage } from "./page.ts";

startPage();
new DigitsPage().begin().then(ready);
