// The page of the cart and its pole: what its parts have to do with each other.
import { ready, startPage } from "../shared/page.ts";
import { CartPolePage } from "./page.ts";

startPage();
new CartPolePage();
ready();
