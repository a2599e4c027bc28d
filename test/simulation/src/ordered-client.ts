// Somebody on a lane who reads registers of an ordered table and changes them by compare and set, with contexts of earlier answers, and writes down
// when each was asked and answered, for the checker of linearizability. Values are written only once, so a context stands for its value.
import type { Behaviour, Outbox, TimerId } from '@chordial/actor';
import { nextBelow } from '@chordial/actor/random';
import { chordWords, type RingChanged } from '@chordial/chord/protocol';
import type { ReplicationAnswer } from '@chordial/replication/protocol';
import type { RegisterInput, RegisterOutput } from '@chordial/tool-linearizability';
import {
  beginClient,
  type ClientTimer,
  type CoordinatorClientConfig,
  type CoordinatorClientState,
  nextQuestion,
  takeDeed,
} from './coordinator-client.ts';
import type { OrderedRecord } from './record-world.ts';

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
interface OrderedClientState extends CoordinatorClientState<Deed> {
  readonly seen: Map<OrderedRecord, Seen>;
}
type OrderedClientMessage = RingChanged | ReplicationAnswer | ClientTimer;

const deedsMax = 16;
const startMs = 2_000;
/** Of ten deeds, so many are reads where something may be expected already. */
const readsInTen = 4;

export const orderedClient: Behaviour<OrderedClientState, OrderedClientMessage, CoordinatorClientConfig> = {
  name: 'ordered-client',
  mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  words: chordWords as never,
  init: (config, birth, out) => ({ ...beginClient<Deed>(config, birth, startMs, out), seen: new Map() }),
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
        const deed = takeDeed(state, message, out);
        if (deed !== undefined) answered(state, deed, message);
        return;
      }
      default:
        message satisfies never;
    }
  },
};

function perform(state: OrderedClientState, out: Outbox): void {
  const { world, random, seen, self } = state;
  const record = world.ordered[nextBelow(random, world.ordered.length)]!;
  const known = seen.get(record);
  const isRead = known === undefined || nextBelow(random, 10) < readsInTen;
  const { table, key, name } = record;
  const { to, correlation, timer } = nextQuestion(state, key, out);
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
