// The core of non-INVITE server transactions, one per lane (RFC 3261 17.2.2): Trying absorbs retransmissions, Proceeding and
// Completed answer them with the last response, and Timer J (64*T1 over UDP) ends it. A service that never answers leaves
// its client to its own Timer F: after 64*T1 a response would find nobody, and 408 is forbidden (RFC 4320 4.2).
import { assert, type Birth, type Outbox, type Received } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import {
  type Flow,
  responseFlow,
  type SipTransportAddress,
  StatelessResponder,
  TurnOctets,
  tagText,
} from '@chordial/sip-transport/protocol';
import type { RequestReceived, Respond, ServeRequest, SipTransactionMessage, TimerJDue } from './protocol.ts';
import { RequestKey } from './request-key.ts';
import {
  copiedBytesMax,
  copiedLead,
  responseBytesMax,
  writeCopiedLines,
  writeRest,
  writeStatusLine,
} from './response-text.ts';
import { PROCEEDING, TRYING, TransactionTable } from './transaction-table.ts';

export interface SipTransactionConfig {
  readonly transport: SipTransportAddress;
  /** Equal on all lanes; for the To tags of responses that are not remembered. */
  readonly secret: number;
  /** Value of the Server header; none when empty. */
  readonly server?: string;
  readonly transactionsMax?: number;
  /** Requests waiting for their service; more are answered 503. */
  readonly openTransactionsMax?: number;
  /** Octets kept of all transactions; a power of two. */
  readonly bytesMax?: number;
}

/** All only grow. */
export interface SipTransactionCounts {
  started: number;
  /** Retransmissions while the service had not answered. */
  absorbed: number;
  /** Retransmissions answered with the last response. */
  resent: number;
  completed: number;
  /** Answered 503, as there was no room here. */
  overload: number;
  /** Answered 503, as the service's mailbox was full. */
  refused: number;
  /** Answers to transactions that were over. */
  answersLate: number;
  /** Answers with a status code that is neither 100 nor final. */
  answersWrong: number;
  /** Requests that lack what a response needs. */
  unanswerable: number;
  /** Not answered within 64*T1. */
  abandoned: number;
  /** Responses sent but not kept, as everything kept was of this very turn. */
  unkept: number;
}

export interface State {
  readonly self: Birth<SipTransactionMessage>['self'];
  readonly transport: SipTransportAddress;
  readonly openTransactionsMax: number;
  readonly serverLine: string;
  readonly table: TransactionTable;
  readonly key: RequestKey;
  readonly random: Random;
  readonly responder: StatelessResponder;
  readonly octets: TurnOctets;
  timerIsSet: boolean;
  readonly counts: SipTransactionCounts;
}

/** RFC 3261 17.1.1.1 and 17.2.2: T1 is 500 ms, Timer J 64 times that over unreliable transports. */
export const TIMER_J_MS: number = 64 * 500;
/** Timer J is looked at this often at most, so that a busy lane does not set a timer for each transaction. */
const TIMER_GRAIN_MS = 100;
/** RFC 3261 19.3: a tag has at least 32 bits of randomness. */
const TAG_RANGE = 2 ** 32;
const BYTES_INITIAL = 262_144;
const BYTES_MAX = 67_108_864;
const TRANSACTIONS_MAX = 1_048_576;
const OPEN_TRANSACTIONS_MAX = 16_384;
const serviceUnavailable = {
  statusCode: 503,
  reason: 'Service Unavailable',
  headerLines: 'Retry-After: 2\r\n',
} as const;
const timerJDue: TimerJDue = { type: 'timer-j-due' };

export function initTransaction(config: SipTransactionConfig, birth: Birth<SipTransactionMessage>): State {
  const server = config.server ?? '';
  const bytesMax = config.bytesMax ?? BYTES_MAX;
  const random = createRandom(birth.seed);
  return {
    self: birth.self,
    transport: config.transport,
    openTransactionsMax: config.openTransactionsMax ?? OPEN_TRANSACTIONS_MAX,
    serverLine: server === '' ? '' : `Server: ${server}\r\n`,
    table: new TransactionTable({
      bytesInitial: Math.min(BYTES_INITIAL, bytesMax),
      bytesMax,
      transactionsMax: config.transactionsMax ?? TRANSACTIONS_MAX,
    }),
    key: new RequestKey(nextBelow(random, TAG_RANGE)),
    random,
    responder: new StatelessResponder(config.secret, server),
    octets: new TurnOctets(),
    timerIsSet: false,
    counts: {
      started: 0,
      absorbed: 0,
      resent: 0,
      completed: 0,
      overload: 0,
      refused: 0,
      answersLate: 0,
      answersWrong: 0,
      unanswerable: 0,
      abandoned: 0,
      unkept: 0,
    },
  };
}

export function stepTransaction(
  state: State,
  { now, message }: Received<SipTransactionMessage | MessageRefused>,
  out: Outbox,
): void {
  switch (message.type) {
    case 'serve-request':
      onServeRequest(state, message, now, out);
      break;
    case 'respond':
      onRespond(state, message, now, out);
      break;
    case 'timer-j-due':
      onTimerJDue(state, now, out);
      break;
    case 'message-refused':
      onMessageRefused(state, message, now, out);
      break;
    default:
      message satisfies never;
  }
}

function onServeRequest(state: State, request: ServeRequest, now: number, out: Outbox): void {
  const { key, table, counts } = state;
  const { bytes, start, end, peek, flow } = request;
  if (!peek.answerable) {
    counts.unanswerable++;
    return;
  }
  key.read(peek);
  const known = table.find(key);
  if (known >= 0) {
    onRetransmission(state, known, request, now, out);
    return;
  }
  const slot = table.openCount < state.openTransactionsMax ? remember(state, request, now) : -1;
  if (slot < 0) {
    counts.overload++;
    const { statusCode, reason, headerLines } = serviceUnavailable;
    const refusal = state.responder.answer(now, peek, flow, statusCode, reason, headerLines);
    if (refusal !== undefined) out.send(state.transport, refusal);
    return;
  }
  counts.started++;
  if (!state.timerIsSet) {
    state.timerIsSet = true;
    out.setTimer(TIMER_J_MS, timerJDue);
  }
  const transaction = table.numberOf(slot);
  out.send(request.service, {
    type: 'request-received',
    transaction,
    bytes,
    start,
    end,
    peek,
    flow,
    aor: request.aor,
    replyTo: state.self,
  });
}

/** A new transaction for the request whose key was read last; its slot, or -1 when there is no room. */
function remember(state: State, { peek, flow }: ServeRequest, now: number): number {
  const { key, table } = state;
  const lengthMax = key.length + copiedBytesMax(peek, flow);
  if (!table.makeRoom(lengthMax, now)) return -1;
  const slot = table.create(key, now);
  if (slot < 0) return -1;
  const { ring } = table;
  const offset = ring.open(lengthMax);
  const { bytes } = ring;
  for (let i = 0; i < key.length; i++) bytes[offset + i] = key.bytes[i]!;
  const toTag = peek.to.tagEnd > 0 ? undefined : tagText(nextBelow(state.random, TAG_RANGE));
  const end = writeCopiedLines(bytes, offset + key.length, peek, flow, toTag);
  assert(end >= 0, 'copied lines of an answerable request fit in the room made for them');
  ring.commit(slot, end - offset);
  table.offset[slot] = offset;
  table.messageAt[slot] = key.length;
  table.copiedAt[slot] = key.length + copiedLead;
  table.copiedEnd[slot] = end - offset;
  table.messageEnd[slot] = end - offset;
  table.writtenAt[slot] = now;
  table.flow[slot] = responseFlow(peek, flow);
  return slot;
}

/** RFC 3261 17.2.2: Trying discards retransmissions; Proceeding and Completed pass the last response to the transport again. */
function onRetransmission(state: State, slot: number, { peek, flow }: ServeRequest, now: number, out: Outbox): void {
  const { table, counts, octets } = state;
  if (table.state[slot] === TRYING) {
    counts.absorbed++;
    return;
  }
  counts.resent++;
  // A copy, as this record may be the next one to make room for another in the same turn.
  const offset = table.offset[slot]!;
  const from = offset + table.messageAt[slot]!;
  const end = offset + table.messageEnd[slot]!;
  const start = octets.copy(now, table.ring.bytes, from, end);
  out.send(state.transport, {
    type: 'send-message',
    bytes: octets.chunk,
    start,
    end: start + end - from,
    flow: responseFlow(peek, flow),
  });
}

function onRespond(state: State, respond: Respond, now: number, out: Outbox): void {
  const { table, counts } = state;
  const slot = table.slotOf(respond.transaction);
  const flow = slot < 0 ? undefined : table.flow[slot];
  if (flow === undefined) {
    counts.answersLate++;
    return;
  }
  const { statusCode } = respond;
  if (!(statusCode === 100 || (statusCode >= 200 && statusCode <= 699))) {
    counts.answersWrong++;
    return;
  }
  const keyLength = table.messageAt[slot]!;
  const copiedLength = table.copiedEnd[slot]! - table.copiedAt[slot]!;
  const lengthMax = keyLength + responseBytesMax(respond, state.serverLine, copiedLength);
  const room = table.makeRoom(lengthMax, now);
  if (table.slotOf(respond.transaction) < 0) {
    counts.answersLate++;
    return;
  }
  if (!room) {
    sendUnkept(state, slot, respond, lengthMax, flow, now, out);
    return;
  }
  const { ring } = table;
  const offset = ring.open(lengthMax);
  const { bytes } = ring;
  const before = table.offset[slot]!;
  const messageStart = offset + keyLength;
  bytes.copyWithin(offset, before, before + keyLength);
  const copiedStart = writeStatusLine(bytes, messageStart, respond);
  bytes.copyWithin(copiedStart, before + table.copiedAt[slot]!, before + table.copiedEnd[slot]!);
  const end = writeRest(bytes, copiedStart + copiedLength, respond, state.serverLine);
  ring.commit(slot, end - offset);
  table.offset[slot] = offset;
  table.copiedAt[slot] = copiedStart - offset;
  table.copiedEnd[slot] = copiedStart - offset + copiedLength;
  table.messageEnd[slot] = end - offset;
  table.writtenAt[slot] = now;
  if (statusCode === 100) table.state[slot] = PROCEEDING;
  else {
    table.complete(slot);
    counts.completed++;
  }
  out.send(state.transport, { type: 'send-message', bytes, start: messageStart, end, flow });
}

/**
 * The service has too much to do: RFC 3261 21.5.4. Without an answer the transaction would absorb its own retransmissions
 * until Timer J. A refused response is lost as a datagram would be; its retransmission gets it.
 */
function onMessageRefused(state: State, { message }: MessageRefused, now: number, out: Outbox): void {
  if (message.type !== 'request-received') return;
  state.counts.refused++;
  const { transaction } = message as RequestReceived;
  onRespond(state, { type: 'respond', transaction, ...serviceUnavailable }, now, out);
}

/** The store holds nothing but records of this turn: the client gets its answer, and a retransmission starts anew. */
function sendUnkept(
  state: State,
  slot: number,
  respond: Respond,
  lengthMax: number,
  flow: Flow,
  now: number,
  out: Outbox,
): void {
  const { table, octets } = state;
  const start = octets.reserve(now, lengthMax);
  const bytes = octets.chunk;
  const before = table.offset[slot]!;
  let at = writeStatusLine(bytes, start, respond);
  for (let i = table.copiedAt[slot]!; i < table.copiedEnd[slot]!; i++) bytes[at++] = table.ring.bytes[before + i]!;
  const end = writeRest(bytes, at, respond, state.serverLine);
  octets.keep(end);
  state.counts.unkept++;
  if (respond.statusCode !== 100) table.forget(slot);
  out.send(state.transport, { type: 'send-message', bytes, start, end, flow });
}

/** Ends what is 64*T1 old, and comes back when the next one is. */
function onTimerJDue(state: State, now: number, out: Outbox): void {
  const { table, counts } = state;
  let oldest = table.oldestWrittenAt();
  while (oldest !== undefined && oldest + TIMER_J_MS <= now) {
    if (!table.endOldest()) counts.abandoned++;
    oldest = table.oldestWrittenAt();
  }
  state.timerIsSet = oldest !== undefined;
  if (oldest !== undefined) out.setTimer(Math.max(oldest + TIMER_J_MS - now, TIMER_GRAIN_MS), timerJDue);
}
