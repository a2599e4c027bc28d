// What a change costs in a ring of 10,000 members on one core, from dist: npx nx bench membership -- --json FILE
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeAddress, type Outbox, type Typed } from '@chordial/actor';
import { initMembership, type MembershipConfig, middleOfLargestArc, stepMembership } from '@chordial/membership';
import type { HostRecord, MembershipMessage, RosterPage } from '@chordial/membership/protocol';
import { ringKeyFromText } from '@chordial/ring-key';

const { values } = parseArgs({ options: { json: { type: 'string' }, members: { type: 'string', default: '10000' } } });
const members = Number(values.members);
const peersPerHost = 100;
const hosts = Math.ceil(members / peersPerHost);
const life = 1_700_000_000_000;

let sent = 0;
const out: Outbox = {
  send: () => {
    sent++;
  },
  setTimer: () => 1,
  clearTimer: () => {},
  spawn: () => makeAddress(0, 0, 41),
  stop: () => {},
};
const peersOf = (host: number): RosterPage['peers'] =>
  Array.from({ length: peersPerHost }, (_, i) => [20 + i, ringKeyFromText(`${host} ${i}`), life] as const);
const record = (host: number, version: number): HostRecord => ({
  host,
  address: '10.0.0.1',
  port: 7_000,
  fingerprint: `print-${host}`,
  life,
  version,
  lanesUp: [[0, life]],
  lanesCount: 1,
  isLeaving: false,
  sip: 'udp:10.0.0.1:5060',
});
const page = (host: number, version: number, peers: RosterPage['peers']): RosterPage => ({
  host,
  lane: 0,
  page: 0,
  life,
  version,
  peers,
});
const config: MembershipConfig = {
  host: 1,
  lane: 0,
  lanesCount: 1,
  startedAt: life,
  address: '10.0.0.1',
  port: 7_000,
  fingerprint: 'print-1',
  sip: '',
  hostsPort: makeAddress(1, 0, 5),
  owner: makeAddress(1, 0, 6),
  leader: makeAddress(1, 0, 16),
  at: 16,
  founders: peersOf(1).map(([place, key]) => ({ key, host: 1, lane: 0, chord: makeAddress(1, 0, place), life })),
  membersMax: members * 2,
};
const state = initMembership(config, { self: makeAddress(1, 0, 16), now: 0, seed: 1 }, out);
const from = makeAddress<never>(2, 0, 16);
const hear = (message: MembershipMessage | Typed): void =>
  stepMembership(state, { now: 0, from, message: message as MembershipMessage }, out);
hear({ type: 'watch-ring', replyTo: makeAddress(1, 0, 17) } as Typed);
for (let host = 2; host <= hosts; host++) {
  hear({
    type: 'spread-news',
    isAnswer: true,
    records: [record(host, 1)],
    pages: [page(host, 1, peersOf(host))],
    opinions: [],
  } as Typed);
}

function measure(count: number, run: (i: number) => void): number {
  const started = performance.now();
  for (let i = 0; i < count; i++) run(i);
  return Math.round(((performance.now() - started) * 1e6) / count) / 1e3;
}

const news = (records: readonly HostRecord[], pages: readonly RosterPage[]): void => {
  hear({ type: 'spread-news', isAnswer: false, records, pages, opinions: [] } as Typed);
  hear({ type: 'tell-due' });
};
const peers = peersOf(2);
const fewer = peers.slice(1);
const keys = state.picture.members.map(({ key }) => key);
const figures = {
  members: keys.length,
  hosts,
  /** One peer of a host comes or goes: merge, new picture, hints of 100 local peers, telling. */
  microsecondsPerPage: measure(1_000, (i) => news([], [page(2, i + 2, i % 2 ? peers : fewer)])),
  /** All 100 peers of a host are lost, or are back. */
  microsecondsPerFailure: measure(1_000, (i) => news([{ ...record(3, i + 2), lanesUp: i % 2 ? [[0, life]] : [] }], [])),
  microsecondsPerPlace: measure(500, () => middleOfLargestArc(keys, () => false, state.random)),
  sent,
};
console.log(
  `membership: ${figures.members} members on ${hosts} hosts: a page ${figures.microsecondsPerPage} us, a failure ${figures.microsecondsPerFailure} us, a place ${figures.microsecondsPerPlace} us`,
);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
