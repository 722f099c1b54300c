// The file that further threads of a team run.
import { serveAsThread } from "./serve.ts";

serveAsThread();
