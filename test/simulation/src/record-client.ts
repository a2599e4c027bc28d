// Somebody on a lane who gets, puts and removes records of a small number of names, at the coordinator of each key's owner by the ring as the lane
// knows it, and writes down what was answered. Contexts are those of earlier answers; some writes are blind.
import type { Behaviour, TimerId } from '@chordial/actor';
import { nextBelow } from '@chordial/actor/random';
import { chordWords, type RingChanged } from '@chordial/chord/protocol';
import type { ReplicationAnswer } from '@chordial/replication/protocol';
import {
  beginClient,
  type ClientTimer,
  type CoordinatorClientConfig,
  type CoordinatorClientState,
  nextQuestion,
  takeDeed,
} from './coordinator-client.ts';
import { type Context, nothingSeen, type RecordHistory, seenBy, type Write } from './record-history.ts';
import type { RecordWorld } from './record-world.ts';

interface Deed {
  readonly kind: 'get' | 'put' | 'remove';
  readonly record: RecordHistory;
  readonly context: Context;
  readonly ttlMs: number;
  /** Of this attempt; each has a value of its own, as one that was refused may have happened. */
  write: Write | undefined;
  readonly begunAt: number;
  readonly triesLeft: number;
  readonly timer: TimerId;
}
export interface RecordClientState extends CoordinatorClientState<Deed> {
  /** By record, from the last answer. */
  readonly contexts: Map<RecordHistory, Context>;
}
type RecordClientMessage =
  | RingChanged
  | ReplicationAnswer
  | ClientTimer
  | { readonly type: 'try-due'; readonly deed: Omit<Deed, 'timer'> };

const triesMax = 6;
const tryAgainMs = 120;
/** All founders know each other by then. */
const startMs = 1_000;
const deedsMax = 64;
const bulkAtOnce = 8;
const shortTtlMs = 3_000;
const longTtlMs = 900_000;
/** Of a hundred writes, so many have no context, and of others so many live for `longTtlMs`. */
const blindInHundred = 12;
const longInHundred = 20;

export const recordClient: Behaviour<RecordClientState, RecordClientMessage, CoordinatorClientConfig> = {
  name: 'record-client',
  mailbox: { messagesMax: 10_000, overflow: 'drop-newest' },
  words: chordWords as never,
  init: (config, birth, out) => ({ ...beginClient<Deed>(config, birth, startMs, out), contexts: new Map() }),
  step(state, { message }, out) {
    const { world, deeds } = state;
    switch (message.type) {
      case 'ring-changed':
        state.members = message.members;
        return;
      case 'deed-due': {
        if (!world.isBusy) return;
        out.setTimer(world.everyMs / 2 + nextBelow(state.random, world.everyMs), { type: 'deed-due' });
        if (state.members.length === 0 || deeds.size >= deedsMax) return;
        perform(state, roll(state), out);
        for (let i = 0; i < bulkAtOnce && world.bulkNext < world.bulk.length; i++)
          perform(state, firstPut(world, world.bulk[world.bulkNext++]!), out);
        return;
      }
      case 'try-due':
        perform(state, message.deed, out);
        return;
      case 'answer-late':
        deeds.delete(message.correlation);
        return;
      case 'record-got':
      case 'record-put':
      case 'record-refused': {
        const deed = takeDeed(state, message, out);
        if (deed !== undefined) answered(state, deed, message, out);
        return;
      }
      default:
        message satisfies never;
    }
  },
};

type Out = Parameters<typeof recordClient.step>[2];

function roll({ world, random, contexts }: RecordClientState): Omit<Deed, 'timer'> {
  const record = world.records[nextBelow(random, world.records.length)]!;
  const die = nextBelow(random, 10);
  const isBlind = nextBelow(random, 100) < blindInHundred;
  const context = isBlind ? nothingSeen : contexts.get(record);
  const isLong = nextBelow(random, 100) < longInHundred;
  // Whoever has never seen it looks first.
  const kind = die < 3 || context === undefined ? 'get' : die < 9 ? 'put' : 'remove';
  return {
    kind,
    record,
    context: context ?? nothingSeen,
    ttlMs: record.isShort ? shortTtlMs : isLong ? longTtlMs : 0,
    write: undefined,
    begunAt: world.simulation.now,
    triesLeft: triesMax,
  };
}

function firstPut({ simulation }: RecordWorld, record: RecordHistory): Omit<Deed, 'timer'> {
  const begunAt = simulation.now;
  return { kind: 'put', record, context: nothingSeen, ttlMs: 0, write: undefined, begunAt, triesLeft: triesMax };
}

function perform(state: RecordClientState, deed: Omit<Deed, 'timer'>, out: Out): void {
  const { world, self, members } = state;
  const { kind, record, context, ttlMs } = deed;
  if (members.length === 0) return;
  const { to, correlation, timer } = nextQuestion(state, record.key, out);
  const { table, key, name } = record;
  const asked = { table, key, name, replyTo: self, correlation } as const;
  const write =
    kind === 'get'
      ? undefined
      : record.begin(kind === 'put' ? world.nextValue() : '', context.seen, ttlMs, world.simulation.now);
  state.deeds.set(correlation, { ...deed, write, timer });
  world.count(kind);
  if (kind === 'get') out.send(to, { type: 'get-record', ...asked });
  else if (kind === 'put') {
    world.watchWrite(self, correlation, record, write!);
    out.send(to, { type: 'put-record', ...asked, context: context.text, value: write!.value, ttlMs });
  } else out.send(to, { type: 'delete-record', ...asked, context: context.text });
}

function answered(state: RecordClientState, deed: Deed, answer: ReplicationAnswer, out: Out): void {
  const { world, contexts, random } = state;
  const { record, write } = deed;
  const { now } = world.simulation;
  switch (answer.type) {
    case 'record-refused':
      world.count(answer.reason);
      if (answer.reason === 'invalid') world.broken ??= `a request was refused as invalid: ${answer.sentence}`;
      if (answer.reason !== 'not-owner' || deed.triesLeft === 0) return;
      out.setTimer(nextBelow(random, tryAgainMs), {
        type: 'try-due',
        deed: { ...deed, triesLeft: deed.triesLeft - 1, begunAt: now },
      } as never);
      return;
    case 'record-put':
      world.count('acknowledged');
      if (write === undefined) return;
      write.fate = 'acknowledged';
      write.endedAt = now;
      // What was put may be written over without another look, unless there was something beside it.
      if (deed.kind === 'put' && answer.hasOthers !== true)
        contexts.set(record, { text: answer.context, seen: new Set([...write.seen, write]) });
      else contexts.delete(record);
      return;
    case 'record-got': {
      world.count('got');
      const shown = record.read(answer.siblings);
      if (typeof shown === 'string') {
        world.broken ??= shown;
        return;
      }
      if (shown.length > 1) world.count('withSiblings');
      if (world.areReadsJudged) world.broken ??= record.fault(shown, deed.begunAt, now);
      contexts.set(record, { text: answer.context, seen: seenBy(shown) });
      return;
    }
    default:
      answer satisfies never;
  }
}
