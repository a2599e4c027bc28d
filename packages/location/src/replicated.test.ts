// The location service in front of the real thing: coordinator, replica and a journal in memory under the real kernel, on a host that is alone.
import { type Address, type Behaviour, makeAddress, type Typed } from '@chordial/actor';
import { type DueTimer, LaneKernel } from '@chordial/actor/shell';
import type { ChordMessage, Member, RangeChanged, WatchRing } from '@chordial/chord/protocol';
import { defaultCoordinatorLimits, defaultReplicaConfig } from '@chordial/replication';
import { coordinator, replica } from '@chordial/replication/behaviour';
import type { CoordinatorMessage, ReplicaMessage } from '@chordial/replication/protocol';
import type { RingKey } from '@chordial/ring-key';
import { journalStore } from '@chordial/storage/journal';
import type { StorageMessage, StorageNews } from '@chordial/storage/protocol';
import { expect, it } from 'vitest';
import { location } from './behaviour.ts';
import { bindingsTable } from './busy-users.ts';
import type { LocationMessage, LocationReply } from './protocol.ts';
import { mergeBindings } from './record-value.ts';
import { defaultLocationConfig, type LocationState } from './state.ts';
import { changeOf, listOf, shortOf } from './store.fixture.ts';

const at = { coordinator: 21, replica: 22, store: 23 };
const host = 0;
const key = (digit: string): RingKey => digit.repeat(40) as RingKey;
const alice = 'alice@example.com';
const memberAt = (to: RingKey): Member => {
  return { key: to, host, lane: 0, chord: makeAddress<ChordMessage>(host, 0, 900), life: 1 };
};
const ignoring = {
  init: () => null,
  step: () => undefined,
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
} as const;

class Host {
  now = 0;
  readonly answers: LocationReply[] = [];
  readonly #timers = new Map<number, { readonly at: number; readonly due: DueTimer }>();
  readonly #kernel: LaneKernel;
  readonly #asker: Address<LocationReply>;
  readonly #locations: Address<LocationMessage>[] = [];
  readonly #failures: unknown[] = [];
  #timerNext = 1;

  constructor() {
    this.#kernel = new LaneKernel(host, 0, 1, {
      post: () => false,
      setTimer: (delayMs, due) => {
        this.#timers.set(this.#timerNext, { at: this.now + delayMs, due });
        return this.#timerNext++;
      },
      clearTimer: (timer) => this.#timers.delete(timer),
      actorFailed: (_actor, _name, failure) => this.#failures.push(failure),
      laneFailed: (failure) => this.#failures.push(failure),
      stepped: ({ behaviour, state }) => {
        const broken = behaviour.invariants?.(state);
        if (broken !== undefined) this.#failures.push(new Error(`${behaviour.name}: ${broken}`));
      },
    });
    const asker: Behaviour<null, LocationReply, null> = {
      name: 'asker',
      init: () => null,
      step: (_state, { message }) => this.answers.push(message),
      mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
    };
    const membership: Behaviour<null, WatchRing, null> = {
      name: 'membership',
      init: () => null,
      step: (_state, { message }, out) =>
        out.send(message.replyTo, { type: 'ring-changed', epoch: 1, members: [memberAt(key('8'))] }),
      mailbox: { messagesMax: 10, overflow: 'drop-newest' },
    };
    const news = this.#kernel.spawnRoot<null, StorageNews, null>({ ...ignoring, name: 'news' }, null);
    const ring = this.#kernel.spawnRoot(membership, null);
    this.#kernel.spawnRoot(journalStore, { disk: undefined, owner: news, startedAt: 1 }, at.store);
    this.#kernel.spawnRoot(
      replica,
      {
        ...defaultReplicaConfig,
        host,
        store: makeAddress<StorageMessage>(host, 0, at.store),
        membership: ring,
        at: at.replica,
        owner: news,
      },
      at.replica,
    );
    this.#kernel.spawnRoot(
      coordinator,
      {
        ...defaultCoordinatorLimits,
        host,
        lane: 0,
        startedAt: 1,
        replica: makeAddress<ReplicaMessage>(host, 0, at.replica),
        replicaOf: (other) => makeAddress<ReplicaMessage>(other, 0, at.replica),
        membership: ring,
        tables: [{ table: bindingsTable, name: 'bindings', n: 3, r: 2, w: 2, merge: mergeBindings, isOrdered: false }],
      },
      at.coordinator,
    );
    this.#asker = this.#kernel.spawnRoot(asker, null);
  }

  addLocation(): number {
    const store = makeAddress<CoordinatorMessage>(host, 0, at.coordinator);
    return this.#locations.push(this.#kernel.spawnRoot(location, { ...defaultLocationConfig, store })) - 1;
  }

  own(from: RingKey, to: RingKey, i: number): void {
    const range: RangeChanged = { type: 'range-changed', self: memberAt(to), owns: true, from, epoch: 1 };
    this.#tell(makeAddress(host, 0, at.coordinator), range);
    this.#tell(this.#locations[i] as Address<never>, range);
    this.advance(5_000);
  }

  ask(message: LocationMessage, i = 0): string {
    const before = this.answers.length;
    this.#tell(this.#locations[i] as Address<never>, { ...message, replyTo: this.#asker } as LocationMessage);
    this.advance(100);
    expect(this.answers.length).toBe(before + 1);
    return shortOf(this.answers[before]);
  }

  usersOf(i: number): LocationState['users'] {
    const cells = [...this.#kernel.cells()].filter(({ behaviour }) => behaviour.name === 'location');
    return (cells[i]?.state as LocationState | undefined)?.users;
  }

  advance(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      this.#run();
      const [next] = [...this.#timers].filter(([, timer]) => timer.at <= until).sort((a, b) => a[1].at - b[1].at);
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.now = Math.max(this.now, next[1].at);
      this.#kernel.now = this.now;
      this.#kernel.fire(next[1].due);
    }
    this.now = until;
  }

  #tell(to: Address<never>, message: Typed): void {
    this.#kernel.now = this.now;
    this.#kernel.deliver(to as number as Address<Typed>, makeAddress(host, 0, 1_000), message);
    this.#run();
  }

  #run(): void {
    while (this.#kernel.run(1_000) > 0);
    if (this.#failures.length > 0) throw this.#failures[0];
  }
}

it('keeps, refreshes, removes and lists; a refresh finds its user in the cache', () => {
  const all = new Host();
  const one = all.addLocation();
  all.own(key('8'), key('8'), one);
  expect(all.ask(changeOf(alice, 1, ['sip:a@1/600']))).toBe('sip:a@1#1');
  const context = all.usersOf(one)?.get(alice)?.context ?? '';
  expect(context).not.toBe('');
  expect(all.ask(changeOf(alice, 2, ['sip:a@1/600', 'sip:a@2/60']))).toBe('sip:a@1#2 sip:a@2#2');
  expect(all.usersOf(one)?.get(alice)?.context).not.toBe(context);
  expect(all.ask(changeOf(alice, 3, ['-sip:a@1']))).toBe('sip:a@2#2');
  expect(all.ask(changeOf(alice, 4, 'remove-all'))).toBe('none');
  expect(all.ask(changeOf(alice, 5, ['sip:a@1/60']))).toBe('sip:a@1#5');
  all.advance(60_000);
  expect(all.ask(listOf(alice))).toBe('none');
});

it('a later location finds what an earlier one kept, and what two wrote apart becomes one', () => {
  const all = new Host();
  const [one, two] = [all.addLocation(), all.addLocation()];
  all.own(key('8'), key('8'), one);
  all.ask(changeOf(alice, 1, ['sip:a@1/600']), one);
  expect(all.ask(listOf(alice), two)).toBe('sip:a@1#1');
  all.ask(changeOf(alice, 2, ['sip:a@2/600']), one);
  all.ask(changeOf(alice, 3, ['sip:a@3/600']), two);
  all.ask(changeOf(alice, 4, ['sip:a@2/600']), one);
  const three = all.addLocation();
  expect(all.ask(listOf(alice), three).split(' ').toSorted()).toEqual(['sip:a@1#1', 'sip:a@2#4', 'sip:a@3#3']);
  expect(
    all
      .ask(changeOf(alice, 5, ['-sip:a@3']), three)
      .split(' ')
      .toSorted(),
  ).toEqual(['sip:a@1#1', 'sip:a@2#4']);
});
