// Register: phones register on a host of two lanes whose peers form a ring, wired as in production. Whatever fails, every answer is
// right; and once the faults are over, every phone is served, and its binding is at the peer that owns its key and nowhere
// else. Bindings live in memory for now, so a lane that dies forgets them, and phones bring them back.
import type { Address } from '@chordial/actor';
import { nextBelow, type Random } from '@chordial/actor/random';
import { type ChordPeerState, ringInvariants } from '@chordial/chord';
import type { LocationMessage } from '@chordial/location/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import {
  type FaultPlan,
  type Rules,
  rollFaults,
  type Scenario,
  type SimulatedHost,
  type Simulation,
  type Stage,
} from '@chordial/simulator';
import laneProgram from 'chordial/lane-program';
import { type PhoneLog, phoneProgram } from './phone.ts';

const lanesCount = 2;
const peersCount = 16;
const domain = 'example.com';
const sipPort = 5_060;
const pauseMsMax = 15_000;
const ringEverySteps = 64;
/** A request that runs into the last fault takes 32 s, the next one up to 15 s more, and that one some retransmissions. */
const calmMsMin = 75_000;

/** The wiring of production, or a variant of it with a planted mistake. */
export type ServerProgram = typeof laneProgram;

type Locations = Map<number, readonly (readonly [key: string, location: Address<LocationMessage>])[]>;

function build({ simulation, random, clientsCount, durationMs, calmFromMs }: Stage, program: ServerProgram): Rules {
  const locations: Locations = new Map();
  const server = simulation.addHost({
    name: 'server',
    address: '10.0.0.1',
    lanesCount,
    program,
    config: {
      domains: [domain],
      aliases: ['10.0.0.1'],
      listen: { address: '10.0.0.1', port: sipPort },
      shared: true,
      peersCount,
      lanesCount,
      routing: nextBelow(random, 2) === 0 ? 'one-hop' : 'fingers',
      usersMax: 10_000,
      secret: simulation.seed,
    },
    onReport: (lane, message) => {
      if (message.type === 'peers-ready') locations.set(lane, (message as { peers?: never }).peers ?? []);
    },
  });
  const logs = Array.from({ length: clientsCount }, (_, index) => addPhone(simulation, server, index));
  const whenCalm: number[] = [];
  simulation.at(calmFromMs, () => whenCalm.push(...logs.map(({ answered }) => answered)));
  let steps = 0;
  return {
    // The ring as a whole costs more to judge than a step, so it is judged now and then.
    invariant: () => (++steps % ringEverySteps === 0 ? ringFault(server) : undefined),
    finish: () => {
      const broken = ringFault(server);
      if (broken !== undefined) return broken;
      if (durationMs - calmFromMs < calmMsMin) return undefined;
      const starved = logs.findIndex(({ answered }, index) => answered <= (whenCalm[index] ?? 0));
      if (starved >= 0) return `${nameOf(starved)} was not served again after the faults were over`;
      return misplaced(simulation, server, locations, logs);
    },
  };
}

/** What is wrong with the ring, asked only while all of its peers live. */
function ringFault({ lanes }: SimulatedHost): string | undefined {
  const cells = lanes.flatMap((lane) => (lane === undefined ? [] : [...lane.kernel.cells()]));
  const peers = cells.filter(({ behaviour, phase }) => behaviour.name === 'chord-peer' && phase === 'running');
  return peers.length === peersCount ? ringInvariants(peers.map(({ state }) => state as ChordPeerState)) : undefined;
}

const nameOf = (index: number): string => `user-${index}`;

function addPhone(simulation: Simulation, { address: server }: SimulatedHost, index: number): PhoneLog {
  const user = nameOf(index);
  const log: PhoneLog = { bound: 'no', answered: 0, unavailable: 0, timeouts: 0, broken: undefined };
  const config = { user, domain, server, port: sipPort, expiresSeconds: 120, pauseMsMax, log };
  simulation.addClient(phoneProgram, config, `phone-${index}`);
  return log;
}

/** Asks every peer for every user whose phone has no request under way: only the owner of its key may know it. */
function misplaced(
  simulation: Simulation,
  server: SimulatedHost,
  locations: Locations,
  logs: readonly PhoneLog[],
): string | undefined {
  const peers = [...locations.values()].flat().sort(([a], [b]) => (a < b ? -1 : 1));
  if (peers.length !== peersCount) return `${peers.length} of ${peersCount} peers are in place`;
  // Asking takes virtual time, in which phones go on; those that do are not judged.
  const settled = logs.map(({ bound, answered }, index) => ({ index, bound, answered })).slice(0, 10);
  for (const { index, bound, answered } of settled) {
    const aor = `${nameOf(index)}@${domain}`;
    const key = ringKeyFromText(aor);
    const [ownerKey] = peers.find(([peer]) => peer >= key) ?? peers[0]!;
    for (const [peer, location] of peers) {
      const question = { type: 'list-bindings', aor } as LocationMessage;
      const answer = simulation.ask(server, location as never, question);
      const log = logs[index]!;
      if (log.bound !== bound || log.answered !== answered || bound === 'unknown') break;
      if (answer === undefined) return `the location service of peer ${peer} did not answer`;
      const { bindings } = answer as unknown as { readonly bindings: readonly unknown[] };
      const expected = peer === ownerKey && bound === 'yes' ? 1 : 0;
      if (bindings.length !== expected) {
        return `${aor} has ${bindings.length} bindings at peer ${peer}, ${expected} expected; its owner is ${ownerKey}`;
      }
    }
  }
  return undefined;
}

function faults(random: Random, durationMs: number): FaultPlan {
  return rollFaults(random, {
    kinds: [
      'lose',
      'duplicate',
      'reorder',
      'delay',
      'partition',
      'pause-host',
      'pause-lane',
      'crash-host',
      'kill-lane',
      'skew-clock',
      'fill-link',
    ],
    hosts: [0],
    lanesCount,
    withinMs: Math.max(durationMs * 0.3, durationMs - calmMsMin - 1_000),
    everyMs: 5_000,
    durationMsMax: 8_000,
  });
}

export const registerOn = (program: ServerProgram): Scenario => ({
  name: 'register',
  description: 'phones register on a host of two lanes and 16 peers: every answer is right, every binding at its owner',
  clientsCount: 20,
  build: (stage) => build(stage, program),
  faults,
});

export const register = registerOn(laneProgram);
