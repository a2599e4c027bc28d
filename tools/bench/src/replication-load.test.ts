// The client of bench:replication in a kernel, with a coordinator that answers as told: who is asked for, how many at a time, what is counted.
import { type Address, type Behaviour, makeAddress, nobody, type Typed } from '@chordial/actor';
import { type DueTimer, LaneKernel } from '@chordial/actor/shell';
import type { Member, WatchRing } from '@chordial/chord/protocol';
import type { CoordinatorMessage, GetRecord, PutRecord, ReplicationAnswer } from '@chordial/replication/protocol';
import { ringKeyFromText } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { echo, type LoadRun, load, type RunLoad, userName, valueCharacters } from './replication-load.ts';

type Asked = PutRecord | GetRecord;

class Trial {
  readonly kernel: LaneKernel;
  readonly load: Address<Typed>;
  readonly asked: Asked[] = [];
  readonly waiting: Asked[] = [];
  readonly timers: DueTimer[] = [];
  readonly #runner: Address<Typed>;
  run: LoadRun | undefined;

  constructor(members: readonly Member[]) {
    this.kernel = new LaneKernel(0, 0, 1, {
      post: () => false,
      setTimer: (_, due) => this.timers.push(due),
      clearTimer: () => {},
      actorFailed: (_, name, failure) => {
        throw new Error(`${name} failed`, { cause: failure });
      },
      laneFailed: () => {},
    });
    const heard = this.#spawn('coordinator', (message) => {
      this.asked.push(message as Asked);
      this.waiting.push(message as Asked);
    });
    this.#runner = this.#spawn('runner', (message) => {
      this.run = message as LoadRun;
    });
    this.load = this.kernel.spawnRoot(load, {
      host: 0,
      lane: 0,
      membership: this.#spawn('membership', () => {}) as Address<WatchRing>,
      coordinator: heard as Address<CoordinatorMessage>,
      echo: this.kernel.spawnRoot(echo, undefined),
    }) as unknown as Address<Typed>;
    this.tell({ type: 'ring-changed', epoch: 1, members } as Typed);
  }

  #spawn(name: string, hear: (message: Typed) => void): Address<Typed> {
    const behaviour: Behaviour<undefined, Typed, undefined> = {
      name,
      init: () => undefined,
      step: (_, { message }) => hear(message),
      mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
    };
    return this.kernel.spawnRoot(behaviour, undefined);
  }

  tell(message: Typed): void {
    this.kernel.deliver(this.load, nobody, message);
    this.kernel.run(100_000);
  }

  begin(order: Omit<RunLoad, 'type' | 'fromUser'>): void {
    this.run = undefined;
    this.tell({ type: 'run-load', fromUser: 0, ...order, replyTo: this.#runner, correlation: 1 } as Typed);
  }

  answer(answerOf: (asked: Asked) => ReplicationAnswer): void {
    for (const asked of this.waiting.splice(0)) this.tell(answerOf(asked));
  }

  fire(): void {
    for (const due of this.timers.splice(0)) this.kernel.fire(due);
    this.kernel.run(100_000);
  }
}

const memberAt = (host: number, text: string): Member => {
  return { key: ringKeyFromText(text), host, lane: 0, chord: makeAddress(host, 0, 32), life: 0 };
};
const alone = [memberAt(0, 'a')];
const put = ({ correlation }: Asked): ReplicationAnswer => ({ type: 'record-put', correlation, context: '1.5' });
const refuse = ({ correlation }: Asked): ReplicationAnswer => {
  return { type: 'record-refused', correlation, reason: 'busy', sentence: 'later' };
};

it('puts each user once, no more than the window at a time, with the context that was given last', () => {
  const trial = new Trial(alone);
  trial.begin({ kind: 'put', toUser: 10, window: 4, seconds: 0 });
  expect(trial.waiting.length).toBe(4);
  while (trial.waiting.length > 0) {
    expect(trial.waiting.length).toBeLessThanOrEqual(4);
    trial.answer(put);
  }
  expect(trial.asked.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, user) => userName(user)));
  const puts = trial.asked as PutRecord[];
  expect(puts.map(({ context }) => context)).toEqual([...Array(4).fill(''), ...Array(6).fill('1.5')]);
  expect(new Set(puts.map(({ value }) => value)).size).toBe(10);
  expect(puts.every(({ value, key, name }) => value.length === valueCharacters && key === ringKeyFromText(name))).toBe(
    true,
  );
  expect(trial.run).toMatchObject({ count: 10, refusedCount: 0, missingCount: 0 });
});

it('asks only for users whose keys its lane owns', () => {
  const members = [memberAt(0, 'a'), memberAt(1, 'b'), memberAt(2, 'c')].sort((a, b) => (a.key < b.key ? -1 : 1));
  const trial = new Trial(members);
  trial.begin({ kind: 'get', toUser: 200, window: 200, seconds: 0 });
  const ownerOf = (name: string): Member => members.find(({ key }) => ringKeyFromText(name) <= key) ?? members[0]!;
  const own = Array.from({ length: 200 }, (_, user) => userName(user)).filter((name) => ownerOf(name).host === 0);
  expect(own.length).toBeGreaterThan(0);
  expect(trial.asked.map(({ name }) => name)).toEqual(own);
});

it('goes around until the time is over, rests after a refusal, and counts what a get does not find', () => {
  const trial = new Trial(alone);
  trial.begin({ kind: 'get', toUser: 3, window: 2, seconds: 1 });
  trial.answer(refuse);
  // It does not ask again at once.
  expect(trial.waiting.length).toBe(0);
  trial.fire();
  expect(trial.waiting.map(({ name }) => name)).toEqual([userName(2), userName(0)]);
  const sibling = 'v'.repeat(valueCharacters);
  trial.kernel.now = 1_000;
  trial.answer(({ correlation, name }) => {
    const siblings = name === userName(0) ? [] : [[sibling, 0] as const];
    return { type: 'record-got', correlation, siblings, context: '1.5' };
  });
  expect(trial.run).toMatchObject({ count: 2, ms: 1_000, refusedCount: 2, missingCount: 1, sentence: 'later' });
});

it('lets the lane come to rest where it asks an actor that answers at once', () => {
  const trial = new Trial(alone);
  trial.begin({ kind: 'nothing', toUser: 8, window: 8, seconds: 1 });
  expect(trial.asked).toEqual([]);
  expect(trial.timers.length).toBe(1);
  trial.kernel.now = 1_000;
  trial.fire();
  expect(trial.run).toMatchObject({ count: 16, refusedCount: 0 });
});

it('is over at once where its lane owns nothing', () => {
  const trial = new Trial([memberAt(1, 'b')]);
  trial.begin({ kind: 'put', toUser: 5, window: 5, seconds: 1 });
  expect(trial.run).toMatchObject({ count: 0 });
});
