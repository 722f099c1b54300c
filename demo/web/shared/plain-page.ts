// A page of text.
import { startTheme } from "./theme.ts";

startTheme();
