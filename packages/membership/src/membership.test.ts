// One membership in conversation with an outbox that writes down what a step does: what it asks for at birth, how its timers go on, what it
// answers, and that whatever it is told never breaks an invariant.
import { makeAddress, type Outbox, type Typed } from '@chordial/actor';
import { parseRingKey } from '@chordial/ring-key';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { membership } from './behaviour.ts';
import { membershipInvariants } from './invariants.ts';
import type { HostAnswered, MembershipMessage } from './protocol.ts';
import type { MembershipConfig } from './state.ts';

const startedAt = 1_700_000_000_000;
/** A message, with what some have. */
type Said = Typed & {
  readonly correlation: number;
  readonly about: number;
  readonly opinions: HostAnswered['opinions'];
};
const other = makeAddress<MembershipMessage>(2, 0, 16);

function conversation(changes: Partial<MembershipConfig> = {}) {
  const sent: { to: number; message: Typed }[] = [];
  const timers: (Typed & { delayMs: number })[] = [];
  const out: Outbox = {
    send: (to, message) => sent.push({ to, message: message as Typed }),
    setTimer: (delayMs, message) => timers.push({ ...message, delayMs }),
    clearTimer: () => {},
    spawn: () => makeAddress(1, 0, 99),
    stop: () => {},
  };
  const lane = changes.lane ?? 0;
  const config: MembershipConfig = {
    host: 1,
    lane,
    lanesCount: 1,
    startedAt,
    address: '10.0.0.1',
    port: 7_001,
    fingerprint: 'print-1',
    sip: '',
    hostsPort: makeAddress(1, lane, 5),
    owner: makeAddress(1, lane, 6),
    leader: makeAddress(1, 0, 16),
    at: 16,
    ...changes,
  };
  const state = membership.init(config, { self: makeAddress(1, lane, 16), now: 0, seed: 1 }, out);
  const hear = (message: MembershipMessage, now = 0, from: number = other): Said[] => {
    membership.step(state, { now, from: from as never, message }, out);
    expect(membershipInvariants(state)).toBeUndefined();
    return sent.splice(0).map(({ message: said }) => said as Said);
  };
  return { state, sent, timers, hear };
}
const record = (host: number, version = 1) =>
  ({
    host,
    address: `10.0.0.${host}`,
    port: 7_000,
    fingerprint: `print-${host}`,
    life: startedAt,
    version,
    lanesUp: [[0, startedAt]],
    lanesCount: 1,
    isLeaving: false,
    sip: '',
  }) as const;
const news = (host: number, version = 1): MembershipMessage => ({
  type: 'spread-news',
  isAnswer: false,
  records: [record(host, version)],
  pages: [],
  opinions: [],
});

describe('at birth', () => {
  it('the leader watches its hosts port and sets its three timers', () => {
    const { sent, timers } = conversation();
    expect(sent.map(({ message }) => message.type)).toEqual(['watch-hosts']);
    expect(timers.map(({ type }) => type).toSorted()).toEqual(['beat-due', 'gossip-due', 'probe-due']);
  });

  it('another lane beats to the leader and sets only the beat', () => {
    const { sent, timers } = conversation({ lane: 1, lanesCount: 2 });
    expect(sent.map(({ message }) => message.type)).toEqual(['watch-hosts', 'lane-beat']);
    expect(timers.map(({ type }) => type)).toEqual(['beat-due']);
  });
});

describe('timers', () => {
  it('probe-due asks the next host and goes on every 150 ms; answer-due without an answer asks again', () => {
    const { hear, timers } = conversation();
    hear(news(2));
    timers.length = 0;
    const [asked] = hear({ type: 'probe-due' }, 150);
    expect(asked!.type).toBe('probe-host');
    expect(timers.map(({ type, delayMs }) => [type, delayMs])).toEqual([
      ['probe-due', 150],
      ['answer-due', 1_000],
    ]);
    expect(hear({ type: 'answer-due', correlation: asked!.correlation }, 1_150)).toMatchObject([
      { type: 'probe-host', about: 2 },
    ]);
    const answer: HostAnswered = {
      type: 'host-answered',
      correlation: asked!.correlation,
      host: 2,
      lagMs: 0,
      opinions: [],
      via: 0,
    };
    hear(answer, 1_200);
    expect(hear({ type: 'answer-due', correlation: asked!.correlation + 1 }, 2_200)).toEqual([]);
  });

  it('an answer-due that is late itself gives the answer a chance, which may wait behind it', () => {
    const { hear } = conversation();
    hear(news(2));
    const [asked] = hear({ type: 'probe-due' }, 150);
    expect(hear({ type: 'answer-due', correlation: asked!.correlation }, 1_900)).toEqual([]);
    expect(hear({ type: 'answer-due', correlation: asked!.correlation }, 2_200)).toMatchObject([
      { type: 'probe-host' },
    ]);
  });

  it('gossip-due compares with somebody; beat-due hands in a lane; tell-due spreads what was gathered', () => {
    const leader = conversation();
    leader.hear(news(2));
    expect(leader.hear({ type: 'gossip-due' }, 900).map(({ type }) => type)).toEqual(['compare-rosters']);
    const key = parseRingKey('a'.repeat(40))!;
    const peer = { key, host: 1, lane: 0, chord: makeAddress<never>(1, 0, 40) as never, life: startedAt };
    expect(leader.hear({ type: 'peer-changed', self: peer, phase: 'member' }, 900)).toEqual([]);
    const told = leader.hear({ type: 'tell-due' }, 950);
    expect(told).toMatchObject([{ type: 'spread-news', pages: [{ peers: [[40, key, startedAt]] }] }]);
    const lane = conversation({ lane: 1, lanesCount: 2 });
    lane.hear(
      {
        type: 'peer-changed',
        self: { ...peer, lane: 1, chord: makeAddress<never>(1, 1, 40) as never },
        phase: 'member',
      },
      10,
    );
    lane.sent.length = 0;
    expect(lane.hear({ type: 'tell-due' }, 60)).toMatchObject([
      { type: 'lane-pages-changed', pages: [{ lane: 1, life: startedAt }] },
    ]);
    expect(lane.hear({ type: 'beat-due' }, 250)).toMatchObject([{ type: 'lane-beat', lane: 1, seen: 0, version: 1 }]);
  });
});

it('probe-host about another is passed on, and its answer back to the asker with the asker’s correlation', () => {
  const { hear, sent } = conversation();
  hear(news(2));
  hear(news(3));
  sent.length = 0;
  const asker = makeAddress<HostAnswered>(2, 0, 16);
  const [passed] = hear({ type: 'probe-host', replyTo: asker, correlation: 77, about: 3, opinions: [] }, 10);
  expect(passed).toMatchObject({ type: 'probe-host', about: 3 });
  const answered = hear(
    { type: 'host-answered', correlation: passed!.correlation, host: 3, lagMs: 4, opinions: [], via: 0 },
    20,
    makeAddress(3, 0, 16),
  );
  expect(answered).toMatchObject([{ type: 'host-answered', correlation: 77, host: 3, lagMs: 4 }]);
});

it('accusations of a few are passed on while they are asked about, those of many are not', () => {
  const { hear } = conversation();
  for (let host = 2; host <= 30; host++) hear(news(host));
  const accuse = (hosts: readonly number[]) => {
    const opinions = hosts.map((host) => ({ host, life: startedAt, version: 1, phase: 'slow' }) as const);
    const said = hear({ type: 'spread-news', isAnswer: false, records: [], pages: [], opinions }, 10);
    const about = said.filter(({ type }) => type === 'spread-news').flatMap(({ opinions: told }) => told);
    return new Set(about.map(({ host }) => host)).size;
  };
  expect(accuse([2])).toBe(1);
  expect(accuse(Array.from({ length: 20 }, (_, i) => i + 3))).toBeLessThan(8);
});

it('an accusation that is said again and again is asked about once in a second', () => {
  const { hear } = conversation();
  hear(news(2));
  const opinions = [{ host: 2, life: startedAt, version: 1, phase: 'dead' } as const];
  const accuse = (now: number) =>
    hear({ type: 'spread-news', isAnswer: false, records: [], pages: [], opinions }, now).filter(
      ({ type, about }) => type === 'probe-host' && about === 2,
    );
  const [asked] = accuse(10);
  expect(asked).toBeDefined();
  expect(accuse(20)).toEqual([]);
  hear({ type: 'host-answered', correlation: asked!.correlation, host: 2, lagMs: 0, opinions: [], via: 0 }, 30);
  expect(accuse(500)).toEqual([]);
  expect(accuse(1_200)).toHaveLength(1);
});

it('probes carry at most 32 opinions, the newest first', () => {
  const { hear } = conversation();
  for (let host = 2; host <= 60; host++) hear(news(host));
  for (let host = 3; host <= 60; host++) {
    const opinions = [{ host, life: startedAt, version: 1, phase: 'left' } as const];
    hear({ type: 'spread-news', isAnswer: false, records: [], pages: [], opinions });
  }
  const [asked] = hear({
    type: 'probe-host',
    replyTo: other as never,
    correlation: 1,
    about: 1,
    opinions: [],
  });
  expect(asked!.opinions).toHaveLength(32);
  expect(asked!.opinions.slice(0, 3).map(({ host }) => host)).toEqual([1, 60, 59]);
});

it('takes anything in any order without breaking an invariant (property)', () => {
  const host = fc.integer({ min: 1, max: 5 });
  const count = fc.integer({ min: 0, max: 9 });
  const key = count.map((i) => parseRingKey(`${i}`.repeat(40))!);
  const opinion = fc.record({
    host,
    life: count.map((i) => startedAt + i),
    version: count,
    phase: fc.constantFrom('alive', 'slow', 'dead', 'left'),
  });
  const page = fc.record({
    host,
    lane: fc.constant(0),
    page: count,
    life: fc.constant(startedAt),
    version: count,
    peers: fc.array(fc.tuple(count, key, fc.constant(startedAt)), { maxLength: 4 }),
  });
  const records = fc.array(
    fc.tuple(host, count).map(([h, v]) => record(h, v)),
    { maxLength: 3 },
  );
  const opinions = fc.array(opinion, { maxLength: 3 });
  const anything = fc.oneof(
    fc.record({
      type: fc.constant('spread-news'),
      isAnswer: fc.boolean(),
      records,
      pages: fc.array(page, { maxLength: 3 }),
      opinions,
    }),
    fc.record({
      type: fc.constant('probe-host'),
      replyTo: fc.constant(other),
      correlation: count,
      about: host,
      opinions,
    }),
    fc.record({
      type: fc.constant('host-answered'),
      correlation: count,
      host,
      lagMs: fc.constantFrom(0, 2_000),
      opinions,
    }),
    fc.record({
      type: fc.constant('compare-rosters'),
      replyTo: fc.constant(other),
      isAnswer: fc.boolean(),
      first: fc.constant(0),
      last: fc.constant(65_535),
      records: fc.constant([]),
      pages: fc.constant([]),
      opinions,
    }),
    fc.record({ type: fc.constant('answer-due'), correlation: count }),
    fc.record({
      type: fc.constant('host-unlinked'),
      host,
      code: fc.constantFrom('ECONNRESET', 'wrong-key'),
      sentence: fc.constant(''),
    }),
    fc.record({ type: fc.constant('host-linked'), host }),
    fc.record({
      type: fc.constant('host-introduced'),
      host,
      address: fc.constant('a'),
      port: fc.constant(1),
      fingerprint: fc.constant('x'),
    }),
    fc.record({ type: fc.constantFrom('probe-due', 'gossip-due', 'beat-due', 'tell-due') }),
    fc.record({ type: fc.constant('place-peer'), chord: count.map((i) => makeAddress(1, 0, 40 + i)) }),
    fc.record({
      type: fc.constant('peer-changed'),
      self: fc
        .tuple(key, count)
        .map(([k, i]) => ({ key: k, host: 1, lane: 0, chord: makeAddress(1, 0, 40 + i), life: startedAt })),
      phase: fc.constantFrom('joining', 'member', 'left'),
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(anything, fc.integer({ min: 0, max: 3_000 })), { maxLength: 60 }), (told) => {
      const { hear } = conversation({ membersMax: 12 });
      let now = 0;
      for (const [message, ms] of told) {
        now += ms;
        hear(message as unknown as MembershipMessage, now);
      }
    }),
    { numRuns: 400 },
  );
});
