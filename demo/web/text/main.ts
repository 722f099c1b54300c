// The page of texts: a network learns to write like one.
import { ready, startPage } from "../shared/page.ts";
import { TextPage } from "./page.ts";

startPage();
new TextPage().begin().then(ready);
