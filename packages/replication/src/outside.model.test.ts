// Whatever other hosts say, to a replica, its door and an acceptor: nothing throws, what is for the own host alone is not heeded, and service goes on.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import { ringKeyFromText } from '@chordial/ring-key';
import type { StorageMessage } from '@chordial/storage/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptorInvariants, initAcceptor, stepAcceptor } from './acceptor.ts';
import { makeBallot } from './ballot.ts';
import { copyOf } from './copies.fixture.ts';
import { onBallotAnswer } from './ordered.ts';
import type { AcceptorMessage, BallotAnswer } from './ordered-protocol.ts';
import { createOrdered } from './ordered-state.ts';
import type { CopyStored, ReplicaMessage } from './protocol.ts';
import { ReplicaWorld } from './replica-world.fixture.ts';
import { fixtureStore } from './store.fixture.ts';

type Fields = Record<string, unknown>;
const stranger = makeAddress<never>(2, 0, 600);
const key = ringKeyFromText('alice');
const other = ringKeyFromText('bob');
const copy = copyOf('alice', 1);
const asked = { replyTo: makeAddress<never>(2, 0, 601), correlation: 1 };
const everything = { from: key, to: key };

const requests: Fields[] = [
  { type: 'store-copy', ...copy, hintFor: 0, ...asked },
  { type: 'fetch-copy', table: 1, key, ...asked },
  { type: 'repair-range', ...everything, hosts: [2], isUrgent: true, ...asked },
  { type: 'compare-pieces', session: 1, pieces: [[key, other, 1, 2, -1]], ...asked },
  { type: 'fetch-copies', names: [[1, key]], ...asked },
  { type: 'store-copies', records: [copy], ...asked },
  { type: 'list-repair', ...asked },
];
const answers: Fields[] = [
  { type: 'copy-stored', correlation: 1, host: 2, version: copy.version },
  {
    type: 'pieces-compared',
    session: 1,
    correlation: 1,
    pieces: [[key, other, 1, 2, 3]],
    listings: [[key, other, [[1, key, '|1.1']]]],
  },
  { type: 'copies-fetched', correlation: 1, records: [copy] },
  { type: 'copies-stored', correlation: 1, pauseMs: 0, trouble: '', skippedCount: 0 },
  { type: 'copy-fetched', correlation: 1, host: 2, name: 'alice', version: copy.version, value: copy.value, ttlMs: 5 },
  { type: 'copy-refused', correlation: 1, host: 2, code: 'busy', sentence: 'later' },
];
const ownWords: Fields[] = [
  { type: 'ring-changed', epoch: 1, members: [] },
  { type: 'repair-due' },
  { type: 'message-refused', to: 1, message: { type: 'write-record' } },
  { type: 'records-read', correlation: 1, records: [copy], damaged: [[1, key]] },
  { type: 'records-written', correlation: 1 },
  { type: 'range-scanned', correlation: 1, records: [], damaged: [], next: undefined },
  { type: 'buckets-digested', correlation: 1, buckets: [], next: 65_536 },
  { type: 'expired-dropped', correlation: 1, dropped: [], hasMore: false },
  { type: 'storage-failed', correlation: 1, code: 'full', sentence: 'full' },
];
const ballot = makeBallot(5, 16, '0000001');
const register = { table: 9, key, name: 'door', ballot, roster: 'x', epoch: 1, ...asked };
const content = { context: ballot, previous: '', value: 'v', ttlMs: 0 };
const ballotRequests: Fields[] = [
  { type: 'prepare-ballot', ...register },
  { type: 'accept-ballot', ...register, ...content },
  { type: 'learn-roster', roster: { id: 'x', epoch: 1, n: 3, voters: [[1, 'x']], next: [] }, mayFound: true, ...asked },
  { type: 'list-ballots', roster: 'x', epoch: 1, after: [9, key], ...asked },
];
const answered = { correlation: 1, host: 1, store: 'x' };
const ballotAnswers: Fields[] = [
  { type: 'ballot-promised', ...answered, promised: ballot, accepted: '', ...content },
  { type: 'ballot-accepted', ...answered },
  { type: 'ballot-refused', ...answered, code: 'roster-old', promised: '', roster: undefined, sentence: 'no' },
  { type: 'roster-learned', ...answered, roster: { id: 'x', epoch: 1, n: 3, voters: [[1, 'x']], next: [] } },
  { type: 'ballots-listed', ...answered, names: [[9, key, 'door']], next: undefined },
];

const odd: unknown[] = [undefined, null, 5, -1, Number.NaN, '', '5', 'x'.repeat(100_000), '\ud800', true, [], {}];
const nested: unknown[] = [
  [null],
  [undefined],
  [5],
  [[]],
  [[1, null]],
  [['x', key]],
  [[key, other]],
  [[key, other, null]],
  [{}],
];
const anyOdd = fc.constantFrom(...odd, ...nested);
/** One of them as it should be, but for some fields. */
const strangeOf = (messages: readonly Fields[]): fc.Arbitrary<Typed> =>
  fc.constantFrom(...messages).chain((message) => {
    const fields = Object.keys(message).filter((field) => field !== 'type');
    return fc
      .tuple(fc.subarray(fields), fc.array(anyOdd, { minLength: fields.length, maxLength: fields.length }))
      .map(([chosen, values]) => {
        const changed = Object.fromEntries(chosen.map((field, i) => [field, values[i]]));
        return { ...message, ...changed } as unknown as Typed;
      });
  });

describe('a replica', () => {
  const works = (world: ReplicaWorld): void => {
    world.run(20_000);
    world.take();
    world.tell(1, { type: 'store-copy', ...copyOf('carol', 1), hintFor: 0, replyTo: world.client, correlation: 77 });
    world.run(100);
    expect(world.take<CopyStored>('copy-stored')).toMatchObject([{ correlation: 77 }]);
    const { busy, servingCount, copiesUnderWay, sessions } = world.state(1);
    expect([busy.size, servingCount, copiesUnderWay, sessions.size]).toEqual([0, 0, 0, 0]);
  };

  it('takes from others what they may say, with fields of any kind, and goes on', () => {
    const strange = strangeOf([...requests, ...answers, ...ownWords, ...ballotRequests]);
    fc.assert(
      fc.property(fc.array(strange, { minLength: 1, maxLength: 30 }), fc.boolean(), (messages, isByDoor) => {
        const world = new ReplicaWorld(2);
        world.run(100);
        // Something is asked of the other host, so that what comes may be an answer.
        world.tell(1, { type: 'store-copy', ...copy, hintFor: 2, replyTo: world.client, correlation: 1 });
        world.run(1);
        world.stop(2);
        world.repair(1, [2]);
        for (const message of messages) {
          const [pending] = world.state(1).asked.keys();
          const isAnswer = answers.some(({ type }) => type === message.type);
          const said = isAnswer && pending !== undefined ? { ...message, correlation: pending } : message;
          world.tellAs(stranger, 1, said as ReplicaMessage, isByDoor);
          world.run(7);
        }
        works(world);
      }),
      { numRuns: Number(process.env.REPLICA_RUNS ?? 40) },
    );
  }, 120_000);

  it.each([true, false])('does not heed others with words that are for the own host (by the door: %s)', (isByDoor) => {
    const world = new ReplicaWorld(2);
    world.run(100);
    world.repair(1, [2]);
    world.tell(1, { type: 'store-copy', ...copy, hintFor: 0, replyTo: world.client, correlation: 1 });
    const before = world.state(1).jobs.size;
    expect(before).toBeGreaterThan(0);
    for (const from of [stranger, nobody as Address<never>])
      for (const [correlation] of [...world.state(1).jobs])
        for (const message of [...ownWords.filter(({ type }) => type !== 'repair-due'), requests[2]!])
          world.tellAs(from, 1, { ...message, correlation } as never, isByDoor);
    expect(world.state(1).jobs.size).toBe(before);
    expect(world.state(1).ring.hosts.size).toBe(2);
    expect(world.state(1).repairs.size).toBe(1);
    works(world);
  });

  it('says what is wrong to whoever asks', () => {
    const world = new ReplicaWorld(1);
    world.tellAs(stranger, 1, { ...requests[4], names: undefined } as never);
    expect(world.state(1).counts.strangeCount).toBe(1);
    world.run(10);
    expect(world.take('copy-refused')).toMatchObject([{ code: 'invalid', correlation: 1 }]);
  });
});

describe('an acceptor and a proposer', () => {
  const self = makeAddress<AcceptorMessage>(1, 0, 23);
  const store = makeAddress<StorageMessage>(1, 0, 24);

  it('take from others what they may say, with fields of any kind, and go on', () => {
    const strange = strangeOf([...ballotRequests, ...ballotAnswers, ...ownWords]);
    fc.assert(
      fc.property(fc.array(strange, { minLength: 1, maxLength: 40 }), (messages) => {
        const kept = fixtureStore.init(new Map(), { self: nobody as never, now: 0, seed: 0 }, undefined as never);
        const jobs: Typed[] = [];
        const out: Outbox = {
          send: (to, message) => void ((to as number) === store ? jobs : []).push(message as never),
          setTimer: () => 1,
          clearTimer: () => undefined,
          spawn: () => nobody as never,
          stop: () => undefined,
        };
        const config = { host: 1, store, startedAt: 1_000, isFounder: true, n: 3 };
        const state = initAcceptor(config, { self, now: 0, seed: 7 }, out);
        const keep = (): void => {
          for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
            const events: Typed[] = [];
            const send = (_to: unknown, message: unknown) => events.push(message as Typed);
            fixtureStore.step(kept, { now: 0, from: nobody, message: job as never }, { ...out, send } as Outbox);
            for (const message of events)
              stepAcceptor(state, { now: 0, from: store as never, message: message as never }, out);
          }
        };
        keep();
        const proposer = createOrdered(
          {
            host: 1,
            site: 16,
            lane: 0,
            startedAt: 0,
            changeMsMax: 1_000,
            removalMs: 1_000,
            self: self as never,
            wayTo: () => self,
          },
          3,
        );
        for (const message of messages) {
          stepAcceptor(state, { now: 0, from: stranger, message: message as never }, out);
          expect(acceptorInvariants(state)).toBeUndefined();
          if (ballotAnswers.some(({ type }) => type === message.type))
            onBallotAnswer(proposer, message as BallotAnswer, 0, out);
          keep();
        }
        expect(state.jobs.size).toBe(0);
        expect(state.busy.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('an acceptor does not heed others with the words of its store', () => {
    const jobs: Typed[] = [];
    const out = { send: (_to: unknown, message: unknown) => jobs.push(message as Typed), setTimer: () => 1 } as never;
    const config = { host: 1, store, startedAt: 1_000, isFounder: true, n: 3 };
    const state = initAcceptor(config, { self, now: 0, seed: 7 }, out);
    const [correlation] = [...state.jobs.keys()] as [number];
    const message = { type: 'records-read', correlation, records: [undefined, undefined], damaged: [] } as const;
    stepAcceptor(state, { now: 0, from: stranger, message }, out);
    expect(state.jobs.has(correlation)).toBe(true);
    stepAcceptor(state, { now: 0, from: store as never, message }, out);
    expect(state.jobs.has(correlation)).toBe(false);
  });
});
