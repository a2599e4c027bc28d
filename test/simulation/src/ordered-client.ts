// Somebody on a lane who reads registers of an ordered table and changes them by compare and set, with contexts of earlier answers, and writes down
// when each was asked and answered, for the checker of linearizability. Values are written only once, so a context stands for its value.
import { type Address, type Behaviour, makeAddress, type Outbox, type TimerId } from '@chordial/actor';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import { chordWords, type Member, type RingChanged, type WatchRing } from '@chordial/chord/protocol';
import type { CoordinatorMessage, ReplicationAnswer } from '@chordial/replication/protocol';
import type { RegisterInput, RegisterOutput } from '@chordial/tool-linearizability';
import { ownerByTable } from './lookup-client.ts';
import type { OrderedRecord, RecordWorld } from './record-world.ts';

export interface OrderedClientConfig {
  readonly world: RecordWorld;
  readonly host: number;
  readonly lane: number;
  readonly membership: Address<WatchRing>;
  readonly coordinatorAt: number;
}
/** What a register held when it had a context. */
interface Seen {
  readonly context: string;
  readonly value: string | null;
}
interface Deed {
  readonly record: OrderedRecord;
  readonly operation: OrderedOperation;
  readonly timer: TimerId;
}
/** As the checker wants it, but that it is answered later. */
export interface OrderedOperation {
  readonly client: string;
  readonly key: string;
  readonly input: RegisterInput;
  readonly invokedAt: number;
  completedAt?: number;
  output?: RegisterOutput;
}
interface OrderedClientState extends OrderedClientConfig {
  readonly self: Address<OrderedClientMessage>;
  readonly random: Random;
  members: readonly Member[];
  readonly deeds: Map<number, Deed>;
  readonly seen: Map<OrderedRecord, Seen>;
  correlation: number;
}
type OrderedClientMessage =
  | RingChanged
  | ReplicationAnswer
  | { readonly type: 'deed-due' }
  | { readonly type: 'answer-late'; readonly correlation: number };

const answerMsMax = 6_000;
const lifeCorrelations = 2 ** 24;
const deedsMax = 16;
const startMs = 2_000;
/** Of ten deeds, so many are reads where something may be expected already. */
const readsInTen = 4;

export const orderedClient: Behaviour<OrderedClientState, OrderedClientMessage, OrderedClientConfig> = {
  name: 'ordered-client',
  mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  words: chordWords as never,
  init(config, { self, seed }, out) {
    const random = createRandom(seed);
    out.send(config.membership, { type: 'watch-ring', replyTo: self });
    out.setTimer(startMs + nextBelow(random, config.world.everyMs), { type: 'deed-due' });
    const correlation = nextBelow(random, lifeCorrelations) * 2 ** 20;
    return { ...config, self, random, members: [], deeds: new Map(), seen: new Map(), correlation };
  },
  step(state, { message }, out) {
    const { world, deeds } = state;
    switch (message.type) {
      case 'ring-changed':
        state.members = message.members;
        return;
      case 'deed-due':
        if (!world.isBusy) return;
        out.setTimer(2 * world.everyMs + nextBelow(state.random, 4 * world.everyMs), { type: 'deed-due' });
        if (state.members.length > 0 && deeds.size < deedsMax) perform(state, out);
        return;
      case 'answer-late':
        deeds.delete(message.correlation);
        return;
      case 'record-got':
      case 'record-put':
      case 'record-refused': {
        const deed = deeds.get(message.correlation);
        if (deed === undefined) return;
        deeds.delete(message.correlation);
        out.clearTimer(deed.timer);
        answered(state, deed, message);
        return;
      }
      default:
        message satisfies never;
    }
  },
};

function perform(state: OrderedClientState, out: Outbox): void {
  const { world, random, seen, self, members, coordinatorAt } = state;
  const record = world.ordered[nextBelow(random, world.ordered.length)]!;
  const known = seen.get(record);
  const isRead = known === undefined || nextBelow(random, 10) < readsInTen;
  const { table, key, name } = record;
  const owner = ownerByTable(members, key);
  const to = makeAddress<CoordinatorMessage>(owner.host, owner.lane, coordinatorAt);
  const correlation = ++state.correlation;
  const asked = { table, key, name, replyTo: self, correlation } as const;
  const value = world.nextValue();
  const operation: OrderedOperation = {
    client: `${state.host}/${state.lane}`,
    key: name,
    input: isRead ? { kind: 'read' } : { kind: 'change', expected: known.value, value },
    invokedAt: world.simulation.now,
  };
  world.operations.push(operation);
  world.count('orderedAsked');
  const timer = out.setTimer(answerMsMax, { type: 'answer-late', correlation } as never);
  state.deeds.set(correlation, { record, operation, timer });
  if (isRead) out.send(to, { type: 'get-record', ...asked });
  else out.send(to, { type: 'change-ordered', ...asked, expected: known.context, value, ttlMs: 0 });
}

/** Whatever refuses without saying that nothing was changed leaves it open. */
function answered({ world, seen }: OrderedClientState, { record, operation }: Deed, answer: ReplicationAnswer): void {
  const { input } = operation;
  if (answer.type === 'record-refused') {
    world.count(`ordered-${answer.reason}`);
    seen.delete(record);
    if (answer.reason === 'invalid') world.broken ??= `a request was refused as invalid: ${answer.sentence}`;
    if (answer.reason !== 'mismatch') return;
    operation.completedAt = world.simulation.now;
    operation.output = { outcome: 'refused-mismatch' };
    return;
  }
  world.count('orderedAnswered');
  operation.completedAt = world.simulation.now;
  const { context } = answer;
  if (answer.type === 'record-put' && input.kind === 'change') {
    operation.output = { outcome: 'ok' };
    seen.set(record, { context, value: input.value as string });
  } else if (answer.type === 'record-got') {
    const value = answer.siblings[0]?.[0] ?? null;
    operation.output = { outcome: 'ok', value };
    seen.set(record, { context, value });
  }
}
