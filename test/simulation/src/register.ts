// Register: phones register on a host of two lanes whose peers form a ring, wired as in production. Whatever fails, every answer is
// right; and once the faults are over, every phone is served, and its binding is at the peer that owns its key and nowhere
// else. Bindings live in memory for now, so a lane that dies forgets them, and phones bring them back.
import { nextBelow, type Random } from '@chordial/actor/random';
import { ownershipFault, ringInvariants } from '@chordial/chord';
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
import { misplaced, peersOf } from './register-ring.ts';

const lanesCount = 2;
const peersCount = 16;
const domain = 'example.com';
const sipPort = 5_060;
const pauseMsMax = 15_000;
/** A request that runs into the last fault takes 32 s, the next one up to 15 s more, and that one some retransmissions. */
const calmMsMin = 75_000;

/** The wiring of production, or a variant of it with a planted mistake. */
export type ServerProgram = typeof laneProgram;

function build(stage: Stage, program: ServerProgram): Rules {
  const { simulation, random, clientsCount, durationMs, calmFromMs } = stage;
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
      store: { kind: 'memory' },
      // Alone: it founds its ring in each life.
      foundedAt: 1,
      isAlone: true,
    },
  });
  const logs = Array.from({ length: clientsCount }, (_, index) => addPhone(simulation, server, index));
  const whenCalm: number[] = [];
  simulation.at(calmFromMs, () => whenCalm.push(...logs.map(({ answered }) => answered)));
  return {
    finish: () => {
      if (durationMs - calmFromMs < calmMsMin) return undefined;
      const broken = ringFault(server);
      if (broken !== undefined) return broken;
      const starved = logs.findIndex(({ answered }, index) => answered <= (whenCalm[index] ?? 0));
      if (starved >= 0) return `${nameOf(starved)} was not served again after the faults were over`;
      return misplaced(stage, [server], logs);
    },
  };
}

/** What is wrong with the ring, which has found together again. */
function ringFault(server: SimulatedHost): string | undefined {
  const states = peersOf([server]).map(({ state }) => state);
  if (states.length !== peersCount) return `${states.length} of ${peersCount} peers are in place`;
  const away = states.find(({ phase }) => phase !== 'member');
  if (away !== undefined) return `peer ${away.self.key} is still ${away.phase}`;
  return ringInvariants(states) ?? ownershipFault(states);
}

const nameOf = (index: number): string => `user-${index}`;

function addPhone(simulation: Simulation, { address: server }: SimulatedHost, index: number): PhoneLog {
  const user = nameOf(index);
  const log: PhoneLog = { bound: 'no', answered: 0, unavailable: 0, timeouts: 0, broken: undefined };
  const config = { user, domain, server, port: sipPort, expiresSeconds: 120, pauseMsMax, log };
  simulation.addClient(phoneProgram, config, `phone-${index}`);
  return log;
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
