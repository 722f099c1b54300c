// A worker that throws while it loads.
throw new Error("no good");
