// The front page: what its parts have to do with each other.
import { ready, startPage } from "../shared/page.ts";
import { FrontPage } from "./page.ts";

startPage();
new FrontPage().begin().then(ready);
