// The page of the benchmark: what its parts have to do with each other.
import { ready, startPage } from "../shared/page.ts";
import { BenchmarkPage } from "./page.ts";

startPage();
new BenchmarkPage();
ready();
