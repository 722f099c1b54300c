// The file that the workers of pages run which use the portable build. In dist/ it is all in one, with that build alone (build.mjs).
import { serveAsWorker } from "./serve.ts";

serveAsWorker();
