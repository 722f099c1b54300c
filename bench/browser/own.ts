// Our executors in a dedicated worker, which may have a team.
import { type OwnKind, startOwn } from "../own.ts";
import { serve } from "./serve.ts";

serve(async (start, [kind, threads]) => (await startOwn(start, kind as OwnKind, Number(threads))).ask);
