// A module that is no worker of trials: it stays alive and serves nothing.
setInterval(() => {}, 1000);
