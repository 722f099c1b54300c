// The file that the workers of pages run which use the portable build. In dist/ it is all in one, without anything else
// that computes (build.mjs).
import { serveAsWorker } from "./serve.ts";

serveAsWorker();
