// The replica of a host stands before its store and keeps the copies of records that the coordinators of any host send it. It merges what comes with
// what is there, makes ranges the same as on other hosts (`repair-session.ts`), hands on what it holds for others, and heals what is damaged.
// Source: DeCandia et al., *Dynamo: Amazon's Highly Available Key-value Store*, SOSP 2007, sections 4.4 to 4.7.
import type { Address, Birth, Outbox, Received } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { createRandom, nextBelow } from '@chordial/actor/random';
import type { RingChanged } from '@chordial/chord/protocol';
import type { StorageJob } from '@chordial/storage/protocol';
import { onHintsAnswered } from './hints.ts';
import type {
  CopiesFetched,
  CopiesStored,
  CopyFetched,
  CopyRefused,
  ListRepair,
  PiecesCompared,
  RangeRepaired,
  ReplicaMessage,
} from './protocol.ts';
import { onComparePieces, onStoreCopies } from './repair-answers.ts';
import { dropAsked, takeAsked } from './repair-asking.ts';
import { dropSessions, onRepairRange, sessionsWaitingMax } from './repair-ranges.ts';
import { onCopiesFetched, onCopiesStored, onPiecesCompared, onSessionRefused } from './repair-session.ts';
import { RecordCache } from './replica-cache.ts';
import { onRecordsRead, onRecordsWritten, onScanned, onStorageFailed } from './replica-events.ts';
import { onExpiredDropped } from './replica-expiry.ts';
import { onHealFailed, onHealFetched } from './replica-healing.ts';
import { lookAgain, unofferedCount } from './replica-holding.ts';
import { storeFailure, takeJob } from './replica-jobs.ts';
import { onStoreCopy } from './replica-keeping.ts';
import { isTaken } from './replica-outside.ts';
import { onFetchCopies, onFetchCopy } from './replica-reading.ts';
import { initRing, noteRing, watchRing } from './replica-ring.ts';
import type { Asked, ReplicaConfig, ReplicaState } from './replica-state.ts';
import { onGivenUp, onRepairDue, setTick, settle } from './replica-tick.ts';
import { initTree, onBucketsDigested, readDigests } from './replica-tree.ts';

export function initReplica(config: ReplicaConfig, birth: Birth<ReplicaMessage>, out: Outbox): ReplicaState {
  const random = createRandom(birth.seed);
  const state: ReplicaState = {
    config,
    self: birth.self,
    random,
    // Answers to an earlier life are for nobody.
    correlation: 1 + nextBelow(random, 2 ** 40),
    jobs: new Map(),
    asked: new Map(),
    busy: new Map(),
    copiesUnderWay: 0,
    cache: new RecordCache(),
    tree: initTree(),
    batchesRunning: 0,
    batchesWaiting: [],
    batchesDone: [],
    servingCount: 0,
    ring: initRing(),
    repairs: new Set(),
    repairedUnsent: [],
    sessions: new Map(),
    sessionsWaiting: [],
    hints: new Map(),
    hintSizes: new Map(),
    absentSince: new Map(),
    hintsNew: [],
    hintsCount: 0,
    hintSerial: 0,
    hinting: new Set(),
    heals: new Map(),
    healing: {
      toldAt: birth.now,
      healedTold: 0,
      lostCount: 0,
      skippedToldAt: Number.NEGATIVE_INFINITY,
      skippedTold: 0,
      skippedFault: '',
    },
    allowance: 0,
    allowedAt: birth.now,
    timer: 0,
    timerAt: 0,
    expiryAt: birth.now,
    isExpiring: false,
    holding: {
      since: new Map(),
      offered: new Map(),
      unofferedCount: undefined,
      arcs: [],
      lookedAt: birth.now,
      nextAt: birth.now,
      offer: undefined,
    },
    counts: {
      keptCount: 0,
      fetchedCount: 0,
      refusedCount: 0,
      strangeCount: 0,
      siblingsLostCount: 0,
      skippedCount: 0,
      sentCount: 0,
      takenCount: 0,
      healedCount: 0,
      releasedCount: 0,
      expiredCount: 0,
      hintedCount: 0,
      lostJobsCount: 0,
    },
  };
  watchRing(state, birth.now, out);
  readDigests(state, birth.now, out);
  setTick(state, birth.now, out);
  return state;
}

export function stepReplica(state: ReplicaState, { now, from, message }: Received<ReplicaMessage>, out: Outbox): void {
  if (!isTaken(state, from, message, out)) return;
  switch (message.type) {
    case 'store-copy':
      onStoreCopy(state, message, now, out);
      break;
    case 'fetch-copy':
      onFetchCopy(state, message, now, out);
      break;
    case 'repair-range':
      onRepairRange(state, message, now, out);
      break;
    case 'compare-pieces':
      onComparePieces(state, message, now, out);
      break;
    case 'fetch-copies':
      onFetchCopies(state, message, now, out);
      break;
    case 'store-copies':
      onStoreCopies(state, message, now, out);
      break;
    case 'pieces-compared':
    case 'copies-fetched':
    case 'copies-stored':
    case 'copy-fetched':
    case 'copy-refused':
      onAnswer(state, message, from, now, out);
      break;
    case 'copy-stored':
      break;
    case 'prepare-ballot':
    case 'accept-ballot':
    case 'learn-roster':
    case 'list-ballots':
      if (state.config.acceptor !== undefined) out.send(state.config.acceptor, message);
      break;
    case 'ring-changed':
      onRingChanged(state, message, now, out);
      break;
    case 'list-repair':
      onListRepair(state, message, out);
      break;
    case 'repair-due':
      onRepairDue(state, now, out, (failed) => onStorageFailed(state, failed, now, out));
      break;
    case 'message-refused':
      onMessageRefused(state, message, now, out);
      break;
    case 'records-read':
      onRecordsRead(state, message, now, out);
      break;
    case 'records-written':
      onRecordsWritten(state, message, now, out);
      break;
    case 'range-scanned':
      onScanned(state, message, now, out);
      break;
    case 'buckets-digested':
      if (takeJob(state, message.correlation)?.kind === 'digest') onBucketsDigested(state, message);
      break;
    case 'expired-dropped':
      if (takeJob(state, message.correlation)?.kind === 'expire') onExpiredDropped(state, message, now, out);
      break;
    case 'storage-failed':
      onStorageFailed(state, message, now, out);
      break;
    case 'range-deleted':
    case 'store-exported':
    case 'store-imported':
    case 'store-described':
      break;
    default:
      message satisfies never;
  }
  settle(state, now, out);
}

type Answer = PiecesCompared | CopiesFetched | CopiesStored | CopyFetched | CopyRefused;

/** Another replica answers: a session goes on, or hints are delivered, or a damaged record is found. */
function onAnswer(state: ReplicaState, answer: Answer, from: Address<never>, now: number, out: Outbox): void {
  const asked = takeAsked(state, answer.correlation, from);
  if (asked === undefined) return;
  const { for: reason, host } = asked;
  if (reason.kind === 'session') onSessionAnswer(state, asked, reason.session, answer, now, out);
  else if (reason.kind === 'hint') {
    const isKept =
      answer.type === 'copies-stored' && (answer.trouble === '' || (answer.pauseMs === 0 && answer.skippedCount > 0));
    onHintsAnswered(state, host, reason.hints, isKept, now, out);
  } else if (answer.type === 'copy-fetched') onHealFetched(state, reason.name, answer, now, out);
  else onHealFailed(state, reason.name);
}

function onSessionAnswer(
  state: ReplicaState,
  { message }: Asked,
  id: number,
  answer: Answer,
  now: number,
  out: Outbox,
): void {
  const session = state.sessions.get(id);
  if (session === undefined) return;
  session.asked--;
  session.heardAt = now;
  if (answer.type === 'copy-refused') return onSessionRefused(session, message, answer, now);
  session.refusalsCount = 0;
  if (answer.type === 'pieces-compared') onPiecesCompared(state, session, answer);
  else if (answer.type === 'copies-stored') onCopiesStored(state, session, message, answer, now);
  else if (answer.type === 'copies-fetched' && message.type === 'fetch-copies')
    onCopiesFetched(state, session, message.names, answer, now, out);
}

function onRingChanged(state: ReplicaState, message: RingChanged, now: number, out: Outbox): void {
  const lost = noteRing(state, message);
  lookAgain(state, now);
  if (lost.length === 0) return;
  for (const asked of dropAsked(state, lost)) onGivenUp(state, asked, now, out);
  dropSessions(state, lost);
}

/**
 * The store, or the way to another lane, has no room: a job fails, and all else is sent again by its timer, but for an answer that a coordinator
 * waits long for.
 */
function onMessageRefused(state: ReplicaState, { to, message }: MessageRefused, now: number, out: Outbox): void {
  if (message.type === 'range-repaired' && state.repairedUnsent.length < sessionsWaitingMax)
    state.repairedUnsent.push({
      to: to as Address<unknown> as Address<RangeRepaired>,
      message: message as RangeRepaired,
    });
  if ((to as number) !== state.config.store) return;
  const { correlation } = message as StorageJob;
  onStorageFailed(state, storeFailure(correlation, 'busy', 'the store has too much to do: try again'), now, out);
}

function onListRepair(state: ReplicaState, { replyTo, correlation }: ListRepair, out: Outbox): void {
  const { hintsCount, sessions, sessionsWaiting, tree, counts } = state;
  out.send(replyTo, {
    type: 'repair-listed',
    correlation,
    rangesDrifting: unofferedCount(state),
    hintsCount,
    sessionsCount: sessions.size + sessionsWaiting.length,
    recordsCount: tree.tree.recordsCount,
    sentCount: counts.sentCount,
    takenCount: counts.takenCount,
    readRepairsCount: counts.healedCount,
    refusedCount: counts.refusedCount,
  });
}
