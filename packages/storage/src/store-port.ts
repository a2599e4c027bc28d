// The store as a port actor over a database: it collects the jobs of a turn, gives reads and writes that waited together one commit, and answers
// after it. Jobs are begun in the order in which they came. It blocks its lane while SQLite works, so it lives on a lane of its own; an
// engine that answers later brings the lane back by `deliver`.
import type { Address, Behaviour, Birth, Outbox, Received } from '@chordial/actor';
import { type Engine, EngineFailure, type Later, type LongWork, whenDone } from './engine.ts';
import { isFromHere, jobFault } from './job-fault.ts';
import {
  type CancelJob,
  type StorageEvent,
  type StorageJob,
  type StorageMessage,
  type StorageNews,
  type StoreDue,
  storageWords,
} from './protocol.ts';
import { failed, type GroupJob, isOfGroup, runGroup, weightOf } from './store-group.ts';
import { beginLongJob, runShortJob, type ShortJob } from './store-job.ts';

export interface StorePortConfig {
  readonly engine: Engine;
  /** Wall-clock milliseconds when the shell's clock was 0. */
  readonly startedAt: number;
  /** Hears `storage-news`. */
  readonly owner: Address<StorageNews>;
  /** Jobs that wait; one more is refused `busy`. */
  readonly jobsMax: number;
  /** Records in a commit; what is more waits for the next. */
  readonly groupRecordsMax: number;
  /** How an engine that answers later gets back into a turn of this lane; one that answers at once needs none. */
  readonly deliver?: (to: Address<StorageMessage>, message: StoreDue) => void;
}
export const storeLimits = { jobsMax: 20_000, groupRecordsMax: 2_000 };

/** A job and when it is of no use any more (shell's clock). */
interface Waiting {
  readonly job: StorageJob;
  readonly until: number;
}
interface Long {
  readonly job: StorageJob;
  readonly work: LongWork;
}

export interface StoreState {
  readonly config: StorePortConfig;
  readonly self: Address<StorageMessage>;
  /** First in, first out, from `first` on. */
  waiting: Waiting[];
  first: number;
  /** `store-due` is on its way. */
  isDue: boolean;
  /** An engine has not answered yet. */
  isBusy: boolean;
  isOpen: boolean;
  /** The engine builds anew what was damaged. */
  isRecovering: boolean;
  /** When it is opened again, on the shell's clock. */
  openAt: number;
  /** A lasting failure (full, read-only, not to be opened) that is known. */
  trouble: EngineFailure | undefined;
  /** Answers of an engine that came between turns. */
  outgoing: { readonly to: Address<StorageEvent | StorageNews>; readonly event: StorageEvent | StorageNews }[];
  long: Long | undefined;
  /** A long job that others must wait for. */
  barrier: Long | undefined;
  commitsCount: number;
  jobsCount: number;
  /** Messages of other hosts, which are dropped. */
  foreignCount: number;
}

const reopenEveryMs = 1_000;
/** When building anew is tried again after it failed. */
const recoverEveryMs = 10_000;
const lasting: readonly string[] = ['full', 'read-only', 'unavailable', 'failed'];

function init(config: StorePortConfig, { self, now }: Birth<StorageMessage>, out: Outbox): StoreState {
  const state: StoreState = {
    config,
    self,
    waiting: [],
    first: 0,
    isDue: false,
    isBusy: false,
    isOpen: false,
    isRecovering: false,
    openAt: now,
    trouble: undefined,
    outgoing: [],
    long: undefined,
    barrier: undefined,
    commitsCount: 0,
    jobsCount: 0,
    foreignCount: 0,
  };
  // At once, while the lane is laid out: it may take longer than a turn of a lane may.
  onStoreDue(state, now, out);
  return state;
}

export function stepStore(state: StoreState, received: Received<StorageMessage>, out: Outbox): void {
  const { now, message } = received;
  if (!isFromHere(state.self, received)) {
    state.foreignCount++;
    return;
  }
  switch (message.type) {
    case 'store-due':
      state.isDue = false;
      onStoreDue(state, now, out);
      return;
    case 'cancel-job':
      onCancelJob(state, message, out);
      return;
    case 'disk-done':
    case 'disk-failed':
    case 'file-read':
      return;
    default:
      onJob(state, message, now, out);
  }
}

const waitingCount = (state: StoreState): number => state.waiting.length - state.first;

function onJob(state: StoreState, job: StorageJob, now: number, out: Outbox): void {
  const fault = jobFault(job);
  if (fault !== undefined) {
    out.send(job.replyTo, failed(job, new EngineFailure('invalid', fault)));
  } else if (waitingCount(state) >= state.config.jobsMax) {
    const sentence = `${state.config.jobsMax} jobs wait for the store: ask again later`;
    out.send(job.replyTo, failed(job, new EngineFailure('busy', sentence)));
  } else {
    state.waiting.push({ job, until: job.withinMs === 0 ? Number.POSITIVE_INFINITY : now + job.withinMs });
    if (!state.isBusy) dueSoon(state, out);
  }
}

/** Comes after everything that waits in this turn. */
function dueSoon(state: StoreState, out: Outbox): void {
  if (state.isDue) return;
  state.isDue = true;
  out.send(state.self, { type: 'store-due' });
}

/** In another turn: a lane that is not at rest between slices hears nothing, and counts as stalled. */
function dueLater(state: StoreState, out: Outbox): void {
  if (state.isDue) return;
  state.isDue = true;
  out.setTimer(1, { type: 'store-due' });
}

function onCancelJob(state: StoreState, { replyTo, correlation }: CancelJob, out: Outbox): void {
  for (let i = state.first; i < state.waiting.length; i++) {
    const { job } = state.waiting[i]!;
    if (job.correlation !== correlation || job.replyTo !== replyTo) continue;
    state.waiting.splice(i, 1);
    out.send(replyTo, failed(job, new EngineFailure('cancelled', 'the job was cancelled before it began')));
    return;
  }
}

/** One group, one other job, or one slice of a long one: so the lane breathes in between. */
function onStoreDue(state: StoreState, now: number, out: Outbox): void {
  for (const { to, event } of state.outgoing.splice(0)) out.send(to, event);
  if (state.isBusy) return;
  const isLater = work(state, now);
  for (const { to, event } of state.outgoing.splice(0)) out.send(to, event);
  if (isLater) return;
  const { engine } = state.config;
  const isLong = state.long !== undefined || state.barrier !== undefined;
  if (waitingCount(state) > 0 && state.barrier === undefined && !state.isRecovering) dueSoon(state, out);
  else if (isLong || state.isRecovering || engine.recovering !== undefined) dueLater(state, out);
  if (waitingCount(state) === 0) {
    state.waiting = [];
    state.first = 0;
  }
}

/** True when the engine answers later. */
function work(state: StoreState, now: number): boolean {
  const { engine, deliver } = state.config;
  let isOver = false;
  if (engine.recovering !== undefined) return recoverOn(state, now, engine.recovering);
  const result = whenDone(openFirst(state, now), () => {
    if (!state.isOpen) return refuseWaiting(state);
    if (state.barrier !== undefined) return stepLong(state, state.barrier);
    const wall = Math.floor(state.config.startedAt + now);
    const next = whenDone(takeNext(state, now, wall), () =>
      state.barrier === undefined && state.long !== undefined ? stepLong(state, state.long) : undefined,
    );
    return next;
  });
  const end = whenDone(result, () => {
    isOver = true;
    for (const sentence of engine.takeNews()) tell(state, sentence);
    return undefined;
  });
  if (isOver) return false;
  state.isBusy = true;
  void (end as PromiseLike<undefined>).then(() => {
    state.isBusy = false;
    state.isDue = true;
    deliver?.(state.self, { type: 'store-due' });
  });
  return true;
}

/** A slice of it; meanwhile every job is refused, and what was under way ends. */
function recoverOn(state: StoreState, now: number, why: EngineFailure): false {
  state.isOpen = false;
  state.isRecovering = true;
  note(state, why);
  for (const under of [state.long, state.barrier]) {
    under?.work.abandon();
    if (under !== undefined) answer(state, under.job, failed(under.job, why));
  }
  state.long = undefined;
  state.barrier = undefined;
  refuseWaiting(state);
  const fault = state.config.engine.recover?.();
  if (fault !== undefined) note(state, fault);
  state.isRecovering = fault === undefined;
  state.openAt = fault === undefined ? now : now + recoverEveryMs;
  return false;
}

function openFirst(state: StoreState, now: number): Later<unknown> {
  if (state.isOpen || now < state.openAt) return undefined;
  state.isRecovering = false;
  const { engine, startedAt } = state.config;
  return whenDone(engine.open(Math.floor(startedAt + now)), (opened) => {
    note(state, opened instanceof EngineFailure ? opened : undefined);
    state.isOpen = !(opened instanceof EngineFailure);
    state.openAt = now + reopenEveryMs;
    if (!(opened instanceof EngineFailure)) for (const sentence of opened) tell(state, sentence);
  });
}

function refuseWaiting(state: StoreState): undefined {
  const failure = state.trouble ?? new EngineFailure('unavailable', 'the store is not open yet: ask again');
  while (waitingCount(state) > 0) {
    const { job } = state.waiting[state.first++]!;
    answer(state, job, failed(job, failure));
  }
}

/** Begins what is next: a group of reads and writes, or one job of another kind. */
function takeNext(state: StoreState, now: number, wall: number): Later<unknown> {
  const { engine, groupRecordsMax } = state.config;
  const group: GroupJob[] = [];
  let weight = 0;
  while (waitingCount(state) > 0) {
    const { job, until } = state.waiting[state.first]!;
    const isLate = now > until;
    if (isLate) answer(state, job, failed(job, new EngineFailure('deadline', 'its time was over before it began')));
    else if (isOfGroup(job)) {
      weight += weightOf(job);
      if (weight > groupRecordsMax && group.length > 0) break;
      group.push(job);
    } else if (group.length > 0) break;
    else {
      state.first++;
      return takeOther(state, job, wall);
    }
    state.first++;
  }
  compact(state);
  if (group.length === 0) return undefined;
  state.commitsCount++;
  const hasWrites = group.some(({ type }) => type !== 'read-records');
  return whenDone(
    runGroup(engine, group, wall, (job, event) => answer(state, job, event)),
    // That reads work says nothing about writes.
    (failure) => (hasWrites || failure !== undefined ? note(state, failure) : undefined),
  );
}

/** Gives back the front of a long queue. */
function compact(state: StoreState): void {
  if (state.first < 1_024 || state.first * 2 < state.waiting.length) return;
  state.waiting = state.waiting.slice(state.first);
  state.first = 0;
}

function takeOther(state: StoreState, job: Exclude<StorageJob, GroupJob>, wall: number): Later<unknown> {
  const { engine } = state.config;
  const done = (event: StorageEvent): undefined => answer(state, job, event);
  switch (job.type) {
    case 'delete-range':
    case 'export-store':
    case 'import-store': {
      const isBarrier = job.type === 'delete-range';
      if (!isBarrier && state.long !== undefined) {
        return done(
          failed(job, new EngineFailure('busy', 'an export or import is under way: ask again when it is done')),
        );
      }
      return whenDone(beginLongJob(engine, job, wall), (begun) => {
        if (begun instanceof EngineFailure) return done(failed(job, begun));
        if (isBarrier) state.barrier = { job, work: begun };
        else state.long = { job, work: begun };
        return undefined;
      });
    }
    default:
      return whenDone(runShortJob(engine, job satisfies ShortJob, wall, state.trouble?.sentence ?? ''), done);
  }
}

function stepLong(state: StoreState, { job, work }: Long): Later<unknown> {
  return whenDone(work.step(), (done) => {
    if (done === undefined) return;
    if (state.barrier?.job === job) state.barrier = undefined;
    else state.long = undefined;
    const { correlation } = job;
    if (done instanceof EngineFailure) answer(state, job, failed(job, done));
    else if (job.type === 'export-store')
      answer(state, job, { type: 'store-exported', correlation, file: job.file, ...done });
    else if (job.type === 'import-store') {
      answer(state, job, { type: 'store-imported', correlation, recordsCount: done.recordsCount });
    } else answer(state, job, { type: 'range-deleted', correlation, recordsCount: done.recordsCount });
  });
}

function answer(state: StoreState, { replyTo }: StorageJob, event: StorageEvent): undefined {
  state.jobsCount++;
  state.outgoing.push({ to: replyTo as Address<StorageEvent | StorageNews>, event });
}

/** Tells the owner when a lasting trouble begins, changes, or is over. */
function note(state: StoreState, failure: EngineFailure | undefined): void {
  if (failure === undefined) {
    if (state.trouble !== undefined) tell(state, `the store ${state.config.engine.place} works again`);
    state.trouble = undefined;
  } else if (lasting.includes(failure.code) && failure.sentence !== state.trouble?.sentence) {
    state.trouble = failure;
    tell(state, failure.sentence);
  }
}

function tell({ config, outgoing }: StoreState, sentence: string): void {
  outgoing.push({ to: config.owner as Address<StorageEvent | StorageNews>, event: { type: 'storage-news', sentence } });
}

/** Not pure: it lives where its engine may block or wait. */
export const storePort: Behaviour<StoreState, StorageMessage, StorePortConfig> = {
  name: 'store',
  init,
  step: stepStore,
  mailbox: { messagesMax: 65_536, overflow: 'refuse' },
  words: storageWords as NonNullable<Behaviour<StoreState, StorageMessage, StorePortConfig>['words']>,
  inspect: (state) => ({
    waiting: waitingCount(state),
    commits: state.commitsCount,
    jobs: state.jobsCount,
    foreign: state.foreignCount,
    trouble: state.trouble?.sentence ?? '',
  }),
};
