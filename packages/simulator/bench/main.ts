// How fast virtual time passes: two actors on one lane, then on two lanes, then two hosts over udp, in steps a millisecond of real
// time; then 64 hosts that exchange 1,500 messages a second, in how many times faster than real time. With the history hash, the
// best of three. `--json FILE` writes the figures.
import { writeFileSync } from 'node:fs';
import { type Address, type Behaviour, type LaneProgram, makeAddress } from '@chordial/actor';
import type { UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import { Simulation } from '@chordial/simulator';

interface Ball {
  readonly type: 'ball';
  readonly count: number;
}

const playerAt = 16;
/** Between two strokes, so that time passes. */
const restMs = 0.01;

type PlayerMessage = Ball | { readonly type: 'serve-due' };

const player: Behaviour<Address<Ball>, PlayerMessage, Address<Ball>> = {
  name: 'player',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  words: { ball: [1, 'count'], 'serve-due': [2] },
  init(other, _, out) {
    out.setTimer(restMs, { type: 'serve-due' });
    return other;
  },
  step(other, { message }, out) {
    if (message.type === 'serve-due') out.send(other, { type: 'ball', count: 0 });
    else if (message.count % 16 === 15) out.setTimer(restMs, { type: 'serve-due' });
    else out.send(other, { type: 'ball', count: message.count + 1 });
  },
};

const oneLane: LaneProgram<undefined> = ({ spawn }) => {
  const here = (at: number): Address<Ball> => makeAddress(0, 0, at);
  spawn(player, here(playerAt + 1), playerAt);
  spawn(player, here(playerAt), playerAt + 1);
};
const twoLanes: LaneProgram<undefined> = ({ spawn, lane, wellKnown }) => {
  spawn(player, wellKnown(1 - lane, playerAt), playerAt);
};

const port = 4_000;

const volley: Behaviour<Address<UdpRequest>, UdpEvent, { readonly udp: Address<UdpRequest> }> = {
  name: 'volley',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init({ udp }, { self }, out) {
    out.send(udp, { type: 'bind-udp', replyTo: self, address: '0.0.0.0', port, shared: false });
    return udp;
  },
  step(udp, { message }, out) {
    if (message.type !== 'datagram-received' && message.type !== 'udp-bound') return;
    const { socket } = message;
    const to = message.type === 'udp-bound' ? { address: '10.0.0.1', port } : message;
    const bytes = new Uint8Array(473);
    const { address } = to;
    out.send(udp, { type: 'send-datagram', socket, address, port: to.port, bytes, start: 0, end: bytes.length });
  },
};
const overUdp: LaneProgram<undefined> = ({ spawn, ports: { udp } }) => {
  spawn(volley, { udp });
};

interface Gossip {
  readonly type: 'gossip';
  readonly isAnswer: boolean;
  readonly members: readonly { readonly key: string; readonly host: number; readonly chord: number }[];
}
type GossiperMessage = Gossip | { readonly type: 'gossip-due' };

const hostsCount = 64;
/** Questions a host asks; each is answered. */
const everyMs = (hostsCount * 2 * 1_000) / 1_500;
const members = Array.from({ length: 16 }, (_, i) => ({
  key: (2 ** 40 + i).toString(16).padStart(40, '0'),
  host: i,
  chord: i * 2 ** 36,
}));

const gossiper: Behaviour<{ host: number; next: number }, GossiperMessage, number> = {
  name: 'gossiper',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: { gossip: [1, 'isAnswer', 'members'], 'gossip-due': [2] },
  init(host, _, out) {
    out.setTimer(host, { type: 'gossip-due' });
    return { host, next: host };
  },
  step(state, { message, from }, out) {
    if (message.type === 'gossip-due') {
      state.next = (state.next % hostsCount) + 1;
      const to = makeAddress<Gossip>(state.next, 0, playerAt);
      if (state.next !== state.host) out.send(to, { type: 'gossip', isAnswer: false, members });
      out.setTimer(everyMs, message);
    } else if (!message.isAnswer) {
      out.send(from as unknown as Address<Gossip>, { type: 'gossip', isAnswer: true, members });
    }
  },
};
const ringHost: LaneProgram<undefined> = ({ spawn, send, host, ports }) => {
  for (let other = 1; other <= hostsCount; other++) {
    if (other === host) continue;
    const address = `10.0.0.${other}`;
    send(ports.hosts, { type: 'route-host', host: other, address, port: 7_070, fingerprint: '', via: 0 });
  }
  spawn(gossiper, host, playerAt);
};

function timesRealTime(virtualMs: number, historyDetail: 'messages' | 'types'): number {
  const rounds = [1, 2, 3].map((seed) => {
    const simulation = new Simulation({ seed, historyDetail });
    for (let number = 1; number <= hostsCount; number++) {
      simulation.addHost({ program: ringHost, config: undefined, lanesCount: 1, number });
    }
    // Of this thread alone, so that whatever else the machine does is not counted.
    const before = process.threadCpuUsage();
    simulation.run(virtualMs);
    const { user, system } = process.threadCpuUsage(before);
    return (virtualMs * 1_000) / (user + system);
  });
  return Math.round(Math.max(...rounds));
}

function stepsPerMs(build: (simulation: Simulation) => void, virtualMs: number): number {
  const rounds = [1, 2, 3].map((seed) => {
    const simulation = new Simulation({ seed });
    build(simulation);
    const startedAt = performance.now();
    simulation.run(virtualMs);
    return simulation.history.steps / (performance.now() - startedAt);
  });
  return Math.round(Math.max(...rounds));
}

const figures = {
  oneLane: stepsPerMs((world) => void world.addHost({ program: oneLane, config: undefined, lanesCount: 1 }), 500),
  twoLanes: stepsPerMs((world) => void world.addHost({ program: twoLanes, config: undefined, lanesCount: 2 }), 20_000),
  udp473Bytes: stepsPerMs((world) => {
    for (let i = 0; i < 50; i++) world.addHost({ program: overUdp, config: undefined, lanesCount: 1 });
  }, 5_000),
};
const times = { hosts64: timesRealTime(60_000, 'messages'), hosts64Types: timesRealTime(60_000, 'types') };
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(12)} ${value} steps/ms`);
for (const [name, value] of Object.entries(times)) console.log(`${name.padEnd(12)} ${value} times real time`);
const at = process.argv.indexOf('--json');
if (at > 0) writeFileSync(process.argv[at + 1]!, `${JSON.stringify({ ...figures, ...times }, null, 2)}\n`);
