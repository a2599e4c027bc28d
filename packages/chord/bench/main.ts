// What the ring costs: finger steps and one-hop look-ups a second on one core, and the memory of a peer's state, for rings of
// 64, 1,024 and 10,000 peers. Sizes and operations take turns in every round, because machines change speed.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { makeAddress, type Outbox } from '@chordial/actor';
import { type ChordPeerState, type FoundingRing, loadOf } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';
import { loneHostRing, RingOnOneLane } from './ring-on-one-lane.ts';

const help = `Steps of find-successor and one-hop look-ups a second on one core, and bytes of state a peer.

  npx nx bench chord
  npx nx bench chord --rounds 9 --lookups 50000 --json chord.json

  --rounds N     rounds, each runs every size once (default 5)
  --lookups N    look-ups by fingers per size and round (default 20000)
  --json FILE    also write the figures to FILE
`;

interface Figures {
  readonly peersCount: number;
  readonly loadMaxToMean: number;
  readonly bytesPerPeer: number;
  readonly foundingMs: number;
  hopsMean: number;
  hopsMax: number;
  readonly stepsPerSecond: number[];
  readonly oneHopPerSecond: number[];
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const silent: Outbox = {
  send: () => {},
  setTimer: () => 1,
  clearTimer: () => {},
  spawn: () => makeAddress(0, 0, 41),
  stop: () => {},
};

/** Heap bytes that the states of all peers take, divided by their number; members and table, being shared, apart. */
function bytesPerPeer(ring: FoundingRing): number {
  // Small rings are measured several times over, so that the heap's own noise does not show.
  const times = Math.ceil(20_000 / ring.members.length);
  const init = (i: number): ChordPeerState =>
    chordPeer.init(
      { self: ring.members[i]!, founding: ring },
      { self: ring.members[i]!.chord, now: 0, seed: i },
      silent,
    );
  const states = new Array<ChordPeerState>(times * ring.members.length);
  for (let i = 0; i < 1_000; i++) init(i % ring.members.length);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < states.length; i++) states[i] = init(i % ring.members.length);
  collect();
  return (process.memoryUsage().heapUsed - before) / states.length;
}

const keys: readonly RingKey[] = Array.from({ length: 1 << 14 }, (_, i) => ringKeyFromText(`sip:user${i}@example.com`));

function runFingers(lane: RingOnOneLane, figures: Figures, lookupsCount: number): void {
  const { steps } = lane.kernel.counts;
  lane.found = [];
  const started = performance.now();
  for (let i = 0; i < lookupsCount; i++) {
    lane.ask(i % lane.ring.members.length, keys[i % keys.length]!, i);
    if (i % 256 === 255) lane.run();
  }
  lane.run();
  const seconds = (performance.now() - started) / 1_000;
  if (lane.found.length !== lookupsCount) throw new Error('a look-up was lost');
  // The asker's steps are not the ring's.
  figures.stepsPerSecond.push((lane.kernel.counts.steps - steps - lookupsCount) / seconds);
  figures.hopsMax = lane.found.reduce((most, { hops }) => Math.max(most, hops), 0);
  figures.hopsMean = lane.found.reduce((sum, { hops }) => sum + hops, 0) / lookupsCount;
}

function runOneHop({ members, table }: FoundingRing, figures: Figures): void {
  const times = 500_000;
  let lanes = 0;
  const started = performance.now();
  for (let i = 0; i < times; i++) lanes += members[table.ownerIndex(keys[i % keys.length]!)]!.lane;
  const seconds = (performance.now() - started) / 1_000;
  if (lanes !== 0) throw new Error('all peers live on lane 0');
  figures.oneHopPerSecond.push(times / seconds);
}

function main(rounds: number, lookupsCount: number, json: string | undefined): void {
  const rings = [64, 1_024, 10_000].map((peersCount) => {
    const started = performance.now();
    const ring = loneHostRing(peersCount);
    const foundingMs = performance.now() - started;
    const figures: Figures = {
      peersCount,
      loadMaxToMean: loadOf(ring),
      bytesPerPeer: bytesPerPeer(ring),
      foundingMs,
      hopsMean: 0,
      hopsMax: 0,
      stepsPerSecond: [],
      oneHopPerSecond: [],
    };
    return { lane: new RingOnOneLane(ring), figures };
  });
  for (let round = 0; round <= rounds; round++) {
    for (const { lane, figures } of rings) {
      runFingers(lane, figures, lookupsCount);
      runOneHop(lane.ring, figures);
      // The first round lets the compiler finish.
      if (round === 0) figures.stepsPerSecond.length = figures.oneHopPerSecond.length = 0;
    }
  }
  const results = rings.map(({ figures }) => ({
    ...figures,
    stepsPerSecond: median(figures.stepsPerSecond),
    oneHopPerSecond: median(figures.oneHopPerSecond),
  }));
  console.log(' peers  finger steps/s  hops max  mean  one-hop look-ups/s  bytes/peer  busiest/mean  founding ms');
  for (const row of results) {
    console.log(
      [
        String(row.peersCount).padStart(6),
        `${(row.stepsPerSecond / 1e6).toFixed(2)} M`.padStart(15),
        String(row.hopsMax).padStart(9),
        row.hopsMean.toFixed(2).padStart(5),
        `${(row.oneHopPerSecond / 1e6).toFixed(1)} M`.padStart(19),
        row.bytesPerPeer.toFixed(0).padStart(11),
        row.loadMaxToMean.toFixed(2).padStart(13),
        row.foundingMs.toFixed(1).padStart(12),
      ].join(' '),
    );
  }
  if (json !== undefined) {
    const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
    writeFileSync(json, `${JSON.stringify({ rounds, lookupsCount, machine, results }, undefined, 2)}\n`);
  }
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1]!;
}

const options = {
  rounds: { type: 'string', default: '5' },
  lookups: { type: 'string', default: '20000' },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

function readOptions() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
    process.exit(2);
  }
}

const values = readOptions();
const rounds = Number(values.rounds);
const lookupsCount = Number(values.lookups);
if (values.help) {
  console.log(help);
} else if (Number.isInteger(rounds) && rounds > 0 && Number.isInteger(lookupsCount) && lookupsCount > 0) {
  main(rounds, lookupsCount, values.json);
} else {
  console.error(`--rounds or --lookups is out of range\n\n${help}`);
  process.exitCode = 2;
}
