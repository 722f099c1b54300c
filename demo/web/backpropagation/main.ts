// The page of back-propagation: what its parts have to do with each other.
import { ready, startPage } from "../shared/page.ts";
import { BackPropagationPage } from "./page.ts";

startPage();
new BackPropagationPage().begin().then(ready);
