// A member of a run, for any runtime that has sockets: trains one round with others, and prints what all hold after it. Arguments: server, run, name, which of three.
import { Trainer } from "simdgrad";
import { shard } from "simdgrad/data";
import { nats } from "simdgrad/nats";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";

const [servers, run, member, number] = process.argv.slice(2);
const x = Array.from({ length: 60 }, (_, i) => [i / 60]);
const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
await trainer.load(shard({ x, y: x }, { member: Number(number), of: 3 }));
const distribute = nats({ servers, run, member, innerSteps: 20, minMembers: 3, patience: 30_000 });
await trainer.fit({ batch: "all", epochs: 20, distribute });
console.log(JSON.stringify(distribute.round));
process.exit(0);
