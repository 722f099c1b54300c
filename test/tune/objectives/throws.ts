// A module that is no worker of trials: it throws while it loads.
throw new Error("no good");
