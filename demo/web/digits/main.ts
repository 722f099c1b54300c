// The page of digits: what its parts have to do with each other.
import { startTheme } from "../shared/theme.ts";
import { DigitsPage } from "./page.ts";

startTheme();
new DigitsPage().begin();
