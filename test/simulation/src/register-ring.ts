// Register on a ring of several hosts: phones register at any host, wired as in production, while hosts join, leave and fail. Every answer is
// right; once all is quiet every phone is served, and the peer that owns its key knows its binding. Without a host that dies no binding is
// lost and no request is told 503: records are there before their range is, and requests find their way.
import type { Address, Typed } from '@chordial/actor';
import type { Random } from '@chordial/actor/random';
import type { ChordPeerState } from '@chordial/chord';
import type { LocationMessage } from '@chordial/location/protocol';
import { betweenRightClosed, ringKeyFromText } from '@chordial/ring-key';
import {
  type FaultPlan,
  type Rules,
  rollFaults,
  type Scenario,
  type SimulatedHost,
  type Stage,
} from '@chordial/simulator';
import laneProgram from 'chordial/lane-program';
import { type PhoneLog, phoneProgram } from './phone.ts';

const lanesCount = 2;
const peersCount = 18;
const domain = 'example.com';
const sipPort = 5_060;
const ringPort = 7_070;
const pauseMsMax = 12_000;
/** A request that runs into the last fault takes 32 s; ranges are the same on all their hosts about a minute after the last change. */
const calmMsMin = 90_000;
/** When the hosts start, and when the last one leaves, peer by peer. */
const startsMs = [0, 6_000, 9_000];
const leaveAtMs = 20_000;
/** A peer that is refused asks again. */
const leavePauseMs = 150;

/** The wiring of production, or a variant of it with a planted mistake. */
export type ServerProgram = typeof laneProgram;

const addressOf = (index: number): string => `10.0.0.${index + 1}`;
const contactOf = (index: number) => ({
  host: index + 1,
  address: addressOf(index),
  port: ringPort,
  fingerprint: `key-${index + 1}`,
});

function addHost({ simulation }: Stage, program: ServerProgram, index: number, startAtMs: number): SimulatedHost {
  const { port, fingerprint } = contactOf(index);
  const others = startsMs.map((_, other) => contactOf(other)).filter(({ host }) => host !== index + 1);
  return simulation.addHost({
    name: `host-${index + 1}`,
    address: addressOf(index),
    number: index + 1,
    lanesCount,
    ringPort,
    fingerprint,
    ...(startAtMs === 0 ? {} : { startAtMs }),
    program,
    config: {
      domains: [domain],
      aliases: startsMs.map((_, other) => addressOf(other)),
      listen: { address: addressOf(index), port: sipPort },
      shared: true,
      peersCount,
      lanesCount,
      routing: 'one-hop',
      usersMax: 10_000,
      secret: simulation.seed,
      isKept: true,
      store: { kind: 'memory' },
      ring: { address: addressOf(index), port, fingerprint, seeds: index === 0 ? [] : others },
      ...(index === 0 ? { foundedAt: 1 } : {}),
    },
  });
}

interface Peer {
  readonly host: SimulatedHost;
  readonly state: ChordPeerState;
  readonly location: Address<LocationMessage>;
}

/** Every peer of hosts that live, with its location service. */
export function peersOf(hosts: readonly SimulatedHost[]): Peer[] {
  return hosts.flatMap((host) =>
    host.lanes.flatMap((lane) => {
      const cells = lane === undefined ? [] : [...lane.kernel.cells()];
      const peers = cells.filter(({ behaviour }) => behaviour.name === 'chord-peer');
      return peers.map(({ state }) => {
        const peer = state as ChordPeerState;
        const [, , location] = peer.config.listeners ?? [];
        return { host, state: peer, location: location as unknown as Address<LocationMessage> };
      });
    }),
  );
}

/** One peer after the other, each until it has left. */
function leaveAll({ simulation }: Stage, peers: Peer[]): void {
  const [peer] = peers;
  if (peer === undefined) return;
  const gateway = peer.host.lanes[peer.state.self.lane]?.gateway;
  gateway?.ask(peer.state.self.chord as Address<Typed>, { type: 'leave-ring' }, (answer) => {
    const rest = answer.type === 'ring-left' ? peers.slice(1) : peers;
    simulation.after(leavePauseMs, () => leaveAll({ simulation } as Stage, rest));
  });
}

function build(stage: Stage, program: ServerProgram, leaves: boolean): Rules {
  const { simulation, clientsCount, durationMs, calmFromMs } = stage;
  const hosts = startsMs.map((startAtMs, index) => addHost(stage, program, index, startAtMs));
  const logs = Array.from({ length: clientsCount }, (_, index): PhoneLog => {
    const log: PhoneLog = { bound: 'no', answered: 0, unavailable: 0, timeouts: 0, broken: undefined };
    const server = addressOf(index % hosts.length);
    const user = `user-${index}`;
    const config = { user, domain, server, port: sipPort, expiresSeconds: 3_000, pauseMsMax, log };
    simulation.addClient(phoneProgram, config, `phone-${index}`);
    return log;
  });
  const whenCalm: number[] = [];
  simulation.at(calmFromMs, () => whenCalm.push(...logs.map(({ answered }) => answered)));
  if (leaves) simulation.at(leaveAtMs, () => leaveAll(stage, peersOf(hosts.slice(-1))));
  return {
    finish: () => {
      // Nobody failed: whenever one looks, every binding is at its owner.
      if (calmFromMs === 0 && durationMs < calmMsMin) return misplaced(stage, hosts, logs);
      if (durationMs - calmFromMs < calmMsMin) return undefined;
      const starved = logs.findIndex(({ answered }, index) => answered <= (whenCalm[index] ?? 0));
      if (starved >= 0) return `user-${starved} was not served again after the faults were over`;
      return misplaced(stage, hosts, logs);
    },
    figures: () => ({
      answered: sum(logs.map(({ answered }) => answered)),
      unavailable: sum(logs.map(({ unavailable }) => unavailable)),
      timeouts: sum(logs.map(({ timeouts }) => timeouts)),
      owners: peersOf(hosts).filter(({ state }) => state.owns).length,
    }),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export function misplaced(
  { simulation }: Stage,
  hosts: readonly SimulatedHost[],
  logs: readonly PhoneLog[],
): string | undefined {
  const settled = logs.map(({ bound, answered }, index) => ({ index, bound, answered }));
  for (const { index, bound, answered } of settled) {
    const aor = `user-${index}@${domain}`;
    const key = ringKeyFromText(aor);
    let owners = 0;
    for (const { host, state, location } of peersOf(hosts)) {
      const answer = simulation.ask(host, location as never, { type: 'list-bindings', aor } as LocationMessage);
      const log = logs[index]!;
      // Asking takes virtual time, in which phones go on; those that do are not judged.
      if (log.bound !== bound || log.answered !== answered || bound === 'unknown') break;
      const isOwner = state.owns && betweenRightClosed(state.ownedFrom, key, state.self.key);
      if (isOwner) owners++;
      const count = (answer as { readonly bindings?: readonly unknown[] } | undefined)?.bindings?.length ?? -1;
      const expected = isOwner && bound === 'yes' ? 1 : 0;
      // The store of a lane answers for all its peers, so others may say the same.
      if (count !== expected && isOwner)
        return `${aor} has ${count} bindings at peer ${state.self.key} of ${host.name}, ${expected} expected`;
      if (owners > 1) return `${aor} has two owners`;
    }
  }
  return undefined;
}

function faults(random: Random, durationMs: number): FaultPlan {
  return rollFaults(random, {
    kinds: ['lose', 'duplicate', 'delay', 'partition', 'pause-host', 'crash-host', 'kill-lane'],
    hosts: [0, 1, 2],
    lanesCount,
    withinMs: Math.max(durationMs * 0.3, durationMs - calmMsMin - 1_000),
    everyMs: 15_000,
    durationMsMax: 8_000,
  });
}

/** `leaves`: the last host leaves after a while, in an orderly way. */
export const registerRingOn = (program: ServerProgram, leaves = false): Scenario => ({
  name: 'register-ring',
  description: 'phones register at three hosts of one ring, while they join and fail',
  clientsCount: 12,
  durationMs: 180_000,
  build: (stage) => build(stage, program, leaves),
  faults,
});

export const registerRing = registerRingOn(laneProgram);
