// The acceptor's conversation with proposers and with its store: nothing is said before it is kept.
import { makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import { ringKeyFromText } from '@chordial/ring-key';
import type { StorageJob, StorageMessage } from '@chordial/storage/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { acceptorInvariants, initAcceptor, stepAcceptor } from './acceptor.ts';
import type { AcceptorState } from './acceptor-state.ts';
import { makeBallot } from './ballot.ts';
import type { AcceptorMessage, BallotAnswer, Roster, RosterLearned } from './ordered-protocol.ts';
import { fixtureStore, type Kept } from './store.fixture.ts';

const self = makeAddress<AcceptorMessage>(1, 0, 23);
const storeAt = makeAddress<StorageMessage>(1, 0, 24);
const replyTo = makeAddress<BallotAnswer>(2, 0, 21);
const ballot = (counter: number) => makeBallot(counter, 256, '0000001');
const named = { table: 9, key: ringKeyFromText('door'), name: 'door' };

class OneAcceptor {
  records = new Map<string, Kept>();
  store = this.newStore();
  state!: AcceptorState;
  jobs: StorageJob[] = [];
  told: Typed[] = [];
  timers: Typed[] = [];
  now = 0;
  readonly out: Outbox = {
    send: (to, message) => ((to as number) === storeAt ? this.jobs : this.told).push(message as never),
    setTimer: (_delayMs, message) => this.timers.push(message),
    clearTimer: () => undefined,
    spawn: () => nobody as never,
    stop: () => undefined,
  };

  readonly isFounder: boolean;

  constructor(isFounder = true) {
    this.isFounder = isFounder;
    this.start();
  }

  newStore() {
    return fixtureStore.init(this.records, { self: nobody as never, now: 0, seed: 0 }, this.out);
  }

  start(): void {
    this.jobs = [];
    this.store = this.newStore();
    const config = { host: 1, store: storeAt, startedAt: 1_000, isFounder: this.isFounder, n: 3 };
    this.state = initAcceptor(config, { self, now: this.now, seed: 7 }, this.out);
    this.keep();
    this.step({ type: 'learn-roster', roster: undefined, mayFound: true, replyTo, correlation: 0 });
    this.keep();
    this.take();
  }

  step(message: AcceptorMessage): void {
    stepAcceptor(this.state, { now: this.now, from: storeAt as never, message }, this.out);
    expect(acceptorInvariants(this.state)).toBeUndefined();
  }

  /** The store does all that it was asked, and what comes of that. */
  keep(): void {
    for (let job = this.jobs.shift(); job !== undefined; job = this.jobs.shift()) {
      const answers: Typed[] = [];
      const out = { ...this.out, send: (_to: unknown, message: unknown) => answers.push(message as Typed) } as Outbox;
      fixtureStore.step(this.store, { now: this.now, from: nobody, message: job }, out);
      for (const answer of answers) this.step(answer as AcceptorMessage);
    }
  }

  take(): Typed[] {
    return this.told.splice(0);
  }

  roster(): Roster {
    this.step({ type: 'learn-roster', roster: undefined, mayFound: false, replyTo, correlation: 1 });
    return (this.take().at(-1) as RosterLearned).roster!;
  }

  /** Asks under its own roster. */
  ask(message: Record<string, unknown>): Typed[] {
    const { id, epoch } = this.roster();
    this.step({ ...named, roster: id, epoch, replyTo, correlation: 5, ...message } as unknown as AcceptorMessage);
    return this.take();
  }
  prepare(counter: number): Typed {
    const told = this.ask({ type: 'prepare-ballot', ballot: ballot(counter) });
    this.keep();
    return [...told, ...this.take()].at(-1)!;
  }
  accept(counter: number, value: string, ttlMs = 0): Typed {
    const content = { context: ballot(counter), previous: '', value, ttlMs };
    this.ask({ type: 'accept-ballot', ballot: ballot(counter), ...content });
    this.keep();
    return this.take().at(-1)!;
  }
}

let one: OneAcceptor;
beforeEach(() => {
  one = new OneAcceptor();
});

describe('prepare-ballot', () => {
  it('is answered by ballot-promised, after the promise is in the store', () => {
    const told = one.ask({ type: 'prepare-ballot', ballot: ballot(5) });
    expect(told).toEqual([]);
    one.keep();
    const { store } = one.state;
    expect(one.take()).toEqual([
      {
        type: 'ballot-promised',
        correlation: 5,
        host: 1,
        store,
        promised: ballot(5),
        accepted: '',
        context: '',
        previous: '',
        value: undefined,
        ttlMs: 0,
      },
    ]);
  });

  it('is refused below what was promised, also after a restart', () => {
    one.prepare(5);
    one.start();
    expect(one.prepare(4)).toMatchObject({ type: 'ballot-refused', code: 'ballot', promised: ballot(5) });
    expect(one.prepare(5)).toMatchObject({ type: 'ballot-promised', promised: ballot(5) });
  });

  it('tells what was accepted, with the time it has left; with an empty ballot it promises nothing', () => {
    one.prepare(5);
    one.accept(5, 'open', 1_000);
    one.now += 400;
    const told = one.ask({ type: 'prepare-ballot', ballot: '' });
    expect(told).toMatchObject([{ promised: ballot(5), accepted: ballot(5), value: 'open', ttlMs: 600 }]);
    one.now += 700;
    expect(one.ask({ type: 'prepare-ballot', ballot: '' })).toMatchObject([{ value: 'open', ttlMs: -1 }]);
    // After a restart the wall clock goes on.
    one.start();
    one.ask({ type: 'prepare-ballot', ballot: '' });
    one.keep();
    expect(one.take()).toMatchObject([{ accepted: ballot(5), ttlMs: -1 }]);
  });
});

describe('accept-ballot', () => {
  it('is answered by ballot-accepted after it is in the store, and refused below the promise', () => {
    const content = { context: ballot(5), previous: '', value: 'x', ttlMs: 0 };
    expect(one.ask({ type: 'accept-ballot', ballot: ballot(5), ...content })).toEqual([]);
    one.keep();
    expect(one.take()).toMatchObject([{ type: 'ballot-accepted', host: 1, store: one.state.store }]);
    const late = one.ask({ type: 'accept-ballot', ballot: ballot(3), ...content });
    expect(late).toMatchObject([{ type: 'ballot-refused', code: 'ballot', promised: ballot(5) }]);
  });

  it('does not count when a later roster was learned before it was kept', () => {
    const before = one.roster();
    const content = { context: ballot(5), previous: '', value: 'x', ttlMs: 0 };
    one.ask({ type: 'accept-ballot', ballot: ballot(5), ...content });
    const later = { ...before, epoch: 2, next: [...before.voters, [2, 'other'] as const] };
    const [job] = one.jobs.splice(0);
    one.step({ type: 'learn-roster', roster: later, mayFound: false, replyTo, correlation: 2 });
    one.keep();
    expect(one.take()).toMatchObject([{ type: 'roster-learned', correlation: 2, roster: { epoch: 2 } }]);
    one.jobs.push(job!);
    one.keep();
    expect(one.take()).toMatchObject([{ type: 'ballot-refused', code: 'roster-old', roster: { epoch: 2 } }]);
  });

  it('is refused when the store fails, and nothing is remembered that may not be there', () => {
    one.prepare(5);
    one.store.failure = 'full';
    const content = { context: ballot(6), previous: '', value: 'x', ttlMs: 0 };
    one.ask({ type: 'accept-ballot', ballot: ballot(6), ...content });
    one.keep();
    expect(one.take()).toMatchObject([{ type: 'ballot-refused', code: 'store' }]);
    one.store.failure = undefined;
    one.ask({ type: 'prepare-ballot', ballot: '' });
    one.keep();
    expect(one.take()).toMatchObject([{ promised: ballot(5), accepted: '' }]);
  });

  it('is refused for a damaged register, whose promises nobody knows', () => {
    one.prepare(5);
    one.start();
    one.store.damaged.add([...one.records.keys()].find((name) => name.endsWith('/009'))!);
    one.ask({ type: 'prepare-ballot', ballot: ballot(9) });
    one.keep();
    expect(one.take()).toMatchObject([{ type: 'ballot-refused', code: 'store' }]);
  });

  it('is refused when it is not well-formed', () => {
    const wrong = [
      { table: 255 },
      { key: 'x' },
      { name: 7 },
      { ballot: '' },
      { ballot: 'zzzzzzzzzzz.00001.0000001' },
      { context: 'x' },
      { previous: 'x' },
      { value: 7 },
      { value: 'x'.repeat(33_000) },
      { ttlMs: -1 },
      { ttlMs: Number.NaN },
    ];
    for (const part of wrong) {
      const well = { type: 'accept-ballot', ballot: ballot(5), context: ballot(5), previous: '', value: 'x', ttlMs: 0 };
      expect(one.ask({ ...well, ...part })).toMatchObject([{ code: 'invalid' }]);
    }
  });
});

describe('learn-roster', () => {
  it('keeps a later roster, durably, and tells the one it has for an older or foreign one', () => {
    const { id, n, voters } = one.roster();
    expect(voters).toEqual([[1, one.state.store]]);
    const later: Roster = { id, n, epoch: 4, voters: [...voters, [2, 'b']], next: [] };
    one.step({ type: 'learn-roster', roster: later, mayFound: false, replyTo, correlation: 3 });
    expect(one.take()).toEqual([]);
    one.keep();
    expect(one.take()).toEqual([
      { type: 'roster-learned', correlation: 3, host: 1, store: one.state.store, roster: later },
    ]);
    one.step({ type: 'learn-roster', roster: { ...later, epoch: 3 }, mayFound: false, replyTo, correlation: 4 });
    one.step({
      type: 'learn-roster',
      roster: { ...later, id: 'other', epoch: 9 },
      mayFound: false,
      replyTo,
      correlation: 5,
    });
    one.step({ type: 'learn-roster', roster: 'nonsense' as never, mayFound: false, replyTo, correlation: 6 });
    expect(one.take()).toMatchObject([{ roster: later }, { roster: later }, { roster: later }]);
    one.start();
    expect(one.roster()).toEqual(later);
    const { store } = one.state;
    expect(one.ask({ type: 'prepare-ballot', ballot: '', epoch: 3 })).toMatchObject([{ code: 'roster-old', store }]);
    expect(one.ask({ type: 'prepare-ballot', ballot: '', epoch: 5 })).toMatchObject([{ code: 'roster-new' }]);
  });

  it('is answered without a roster by an acceptor that is not the founder and has heard of none', () => {
    const other = new OneAcceptor(false);
    expect(other.roster()).toBeUndefined();
    expect(other.state.store).not.toBe('');
  });

  it('has another store after its store was lost', () => {
    const { store } = one.state;
    one.records = new Map();
    one.now = 5;
    const config = { host: 1, store: storeAt, startedAt: 1_000, isFounder: false, n: 3 };
    one.store = one.newStore();
    one.state = initAcceptor(config, { self, now: one.now, seed: 8 }, one.out);
    one.keep();
    expect(one.state.store).not.toBe(store);
    expect(one.roster()).toBeUndefined();
  });
});

describe('list-ballots', () => {
  it('is answered by ballots-listed with the registers, under the same roster only', () => {
    one.prepare(5);
    const told = one.ask({ type: 'list-ballots', after: undefined });
    expect(told).toEqual([]);
    one.keep();
    expect(one.take()).toMatchObject([{ type: 'ballots-listed', names: [[9, named.key, 'door']], next: undefined }]);
    expect(one.ask({ type: 'list-ballots', after: undefined, epoch: 7 })).toMatchObject([
      { type: 'ballot-refused', code: 'roster-new' },
    ]);
  });
});

describe('ballot-due', () => {
  it('gives up what the store does not answer, and the register is served again', () => {
    one.prepare(5);
    one.state.registers.clear();
    one.state.charactersCount = 0;
    one.ask({ type: 'prepare-ballot', ballot: ballot(6) });
    one.jobs.splice(0);
    one.step({ type: 'ballot-due' });
    one.step({ type: 'ballot-due' });
    expect(one.take()).toMatchObject([{ type: 'ballot-refused', code: 'store' }]);
    one.ask({ type: 'prepare-ballot', ballot: ballot(6) });
    one.keep();
    expect(one.take()).toMatchObject([{ type: 'ballot-promised', promised: ballot(6) }]);
  });
});
