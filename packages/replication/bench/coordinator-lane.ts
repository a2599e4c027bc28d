// A coordinator and replicas that answer at once, in one thread without a kernel.
import { type Address, makeAddress, nobody, type Outbox, type Typed } from '@chordial/actor';
import { hostOf } from '@chordial/actor/shell';
import type { ChordMessage, Member, WatchRing } from '@chordial/chord/protocol';
import { defaultCoordinatorLimits } from '@chordial/replication';
import { coordinator } from '@chordial/replication/behaviour';
import type {
  CoordinatorMessage,
  CopyAnswer,
  RecordPut,
  RepairRange,
  ReplicaMessage,
  ReplicationAnswer,
  StoreCopy,
} from '@chordial/replication/protocol';
import { type RingKey, ringKeyFromText } from '@chordial/ring-key';

const asker = makeAddress<ReplicationAnswer>(1, 0, 900);
const self = makeAddress<CoordinatorMessage>(1, 0, 21);
const replicaOf = (host: number) => makeAddress<ReplicaMessage>(host, 0, 22);

export const keysOf = (count: number): RingKey[] =>
  Array.from({ length: count }, (_, i) => ringKeyFromText(`user${i}@example.com`));

/** Members in turn on these hosts, all over the ring. */
export function ringOf(hosts: number, count: number, name = 'peer'): Member[] {
  const members = Array.from({ length: count }, (_, i) => ({
    key: ringKeyFromText(`${name}${i}`),
    host: 1 + (i % hosts),
    lane: 0,
    chord: makeAddress<ChordMessage>(1 + (i % hosts), 0, 1_000 + i),
    life: 1,
  }));
  return members.sort((a, b) => (a.key < b.key ? -1 : 1));
}

interface Mail {
  readonly to: number;
  readonly message: Typed;
}

export class CoordinatorLane {
  now = 1_000;
  context = '';
  answersCount = 0;
  readonly #versions = new Map<RingKey, StoreCopy>();
  readonly #state;
  readonly #mail: Mail[] = [];
  #timers: { readonly id: number; readonly at: number; readonly message: Typed }[] = [];
  #timerNext = 1;
  readonly #received: { now: number; from: Address<never>; message: CoordinatorMessage };
  readonly #out: Outbox = {
    send: (to, message) => this.#mail.push({ to, message: message as Typed }),
    setTimer: (delayMs, message) => {
      this.#timers.push({ id: this.#timerNext, at: this.now + delayMs, message });
      return this.#timerNext++;
    },
    clearTimer: (timer) => {
      this.#timers = this.#timers.filter(({ id }) => id !== timer);
    },
    spawn: () => makeAddress(1, 0, 41),
    stop: () => undefined,
  };

  /** Of `hosts` hosts, with `ranges` ranges of host 1 that are all of the ring. */
  constructor(hosts: number, ranges: number) {
    this.#state = coordinator.init(
      {
        ...defaultCoordinatorLimits,
        host: 1,
        lane: 0,
        startedAt: 1_700_000_000_000,
        replica: replicaOf(1),
        replicaOf,
        membership: makeAddress<WatchRing>(1, 0, 17),
        tables: [{ table: 1, name: 'bindings', n: 3, r: 2, w: 2, merge: 'siblings', isOrdered: false }],
      },
      { self, now: this.now, seed: 1 },
      this.#out,
    );
    this.#mail.length = 0;
    this.#received = { now: this.now, from: nobody, message: { type: 'copy-due' } };
    this.ring([...ringOf(hosts, 100, 'other')]);
    if (ranges > 0) this.own(ringOf(1, ranges, 'own'), ranges);
    this.advance(5_000);
  }

  ring(members: readonly Member[]): void {
    this.#tell({ type: 'ring-changed', epoch: 1, members });
  }

  /** The peers of these members own the whole ring. */
  own(members: readonly Member[], count: number): void {
    for (let i = 0; i < count; i++) {
      const from = members[(i + count - 1) % count]!.key;
      this.#tell({ type: 'range-changed', self: members[i]!, owns: true, from, epoch: 1 });
    }
  }

  put(key: RingKey, context: string): void {
    const asked = {
      table: 1,
      key,
      name: 'user@example.com',
      context,
      value: 'sip:user@10.0.0.1:5060',
      ttlMs: 3_600_000,
    };
    this.#tell({ type: 'put-record', ...asked, replyTo: asker, correlation: 1 });
  }

  get(key: RingKey): void {
    this.#tell({ type: 'get-record', table: 1, key, name: 'user@example.com', replyTo: asker, correlation: 1 });
  }

  /** Lets timers fire; returns the milliseconds of the longest step. */
  advance(ms: number): number {
    const until = this.now + ms;
    let longest = 0;
    for (;;) {
      const due = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined || due.at > until) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.now = Math.max(this.now, due.at);
      const start = performance.now();
      this.#step(due.message as CoordinatorMessage);
      longest = Math.max(longest, performance.now() - start);
      this.#deliver();
    }
    this.now = until;
    return longest;
  }

  #tell(message: CoordinatorMessage): void {
    this.#step(message);
    this.#deliver();
  }

  #step(message: CoordinatorMessage, from: Address<never> = self as Address<unknown> as Address<never>): void {
    this.#received.from = from;
    this.#received.now = this.now;
    this.#received.message = message;
    coordinator.step(this.#state, this.#received, this.#out);
  }

  #deliver(): void {
    const mail = this.#mail;
    for (let i = 0; i < mail.length; i++) {
      const { to, message } = mail[i]!;
      const answer = this.#answer(hostOf(to), message);
      if (answer !== undefined) this.#step(answer, to as Address<unknown> as Address<never>);
    }
    mail.length = 0;
  }

  #answer(host: number, message: Typed): CopyAnswer | CoordinatorMessage | undefined {
    switch (message.type) {
      case 'store-copy': {
        const copy = message as StoreCopy;
        if (host === 1) this.#versions.set(copy.key, copy);
        return { type: 'copy-stored', correlation: copy.correlation, host, version: copy.version };
      }
      case 'fetch-copy': {
        const { key, correlation } = message as StoreCopy;
        const { name = '', version = '', value = '', ttlMs = 0 } = this.#versions.get(key) ?? {};
        return { type: 'copy-fetched', correlation, host, name, version, value, ttlMs };
      }
      case 'repair-range': {
        const { correlation, hosts } = message as RepairRange;
        return { type: 'range-repaired', correlation, same: hosts, silent: [], sentCount: 0, takenCount: 0 };
      }
      default:
        if (message.type === 'record-put') this.context = (message as RecordPut).context;
        this.answersCount++;
        return undefined;
    }
  }
}
