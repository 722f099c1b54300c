// What the browser says of the machine that it runs on.

/** Such as "4 processors, Chrome 156 on Linux x86_64". */
export function machineInWords(): string {
  const { hardwareConcurrency: count, userAgent, platform } = navigator;
  return `${count} ${count === 1 ? "processor" : "processors"}, ${browserOf(userAgent)}${platform === "" ? "" : ` on ${platform}`}`;
}

function browserOf(agent: string): string {
  for (const [name, pattern] of [
    ["Edge", /Edg\/(\d+)/],
    ["Firefox", /Firefox\/(\d+)/],
    ["Chrome", /Chrome\/(\d+)/],
    ["Safari", /Version\/(\d+).* Safari/],
  ] as const) {
    const version = agent.match(pattern)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return agent.slice(0, 80);
}
