// The texts of the modules that the trainings are made of, in the order of a program.

import cartpole from "../../node/environments/cartpole.ts?raw";
import environment from "../../node/environments/environment.ts?raw";
import agent from "../../node/reinforcement/agent.ts?raw";
import agents from "../../node/reinforcement/cartpole-agents.ts?raw";
import dqn from "../../node/reinforcement/dqn.ts?raw";
import episodes from "../../node/reinforcement/episodes.ts?raw";
import networks from "../../node/reinforcement/networks.ts?raw";
import ppo from "../../node/reinforcement/ppo.ts?raw";
import reinforce from "../../node/reinforcement/reinforce.ts?raw";
import replay from "../../node/reinforcement/replay.ts?raw";
import returns from "../../node/reinforcement/returns.ts?raw";
import type { Sources } from "./code.ts";

export const sources: Sources = {
  shared: [environment, cartpole, networks, agent, agents, episodes, returns, replay],
  reinforce: [reinforce],
  ppo: [ppo],
  dqn: [dqn],
};
