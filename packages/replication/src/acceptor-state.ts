// What an acceptor knows: the name of its store, the roster, what it asked of the store, and the registers that it need not read again. All of it is in
// the store as well.
import type { Address, Outbox } from '@chordial/actor';
import type { Random } from '@chordial/actor/random';
import type { StorageJob, StorageMessage } from '@chordial/storage/protocol';
import type { Register } from './acceptor-text.ts';
import type {
  AcceptBallot,
  AcceptorMessage,
  BallotRefused,
  LearnRoster,
  ListBallots,
  PrepareBallot,
  Roster,
} from './ordered-protocol.ts';

export interface AcceptorConfig {
  readonly host: number;
  /** Of ordered tables only: neither repair nor a backup may touch what an acceptor has promised. */
  readonly store: Address<StorageMessage>;
  /** Wall-clock milliseconds when `now` was 0. */
  readonly startedAt: number;
  /** The first host of a new ring: it makes the first roster, of itself alone, when no host has one. Not in a lane that was started again. */
  readonly isFounder: boolean;
  /** Acceptors of a register, in a roster that it founds. */
  readonly n: number;
}

export type Ask = PrepareBallot | AcceptBallot;
interface Busy {
  readonly waiting: Ask[];
}
export type AcceptorJob =
  | { readonly kind: 'home-read' | 'home-write'; readonly roster: Roster | undefined }
  | { readonly kind: 'read'; readonly name: string; readonly message: Ask }
  | { readonly kind: 'write'; readonly name: string; readonly message: Ask; readonly register: Register }
  | { readonly kind: 'list'; readonly message: ListBallots };

export interface AcceptorState {
  readonly config: AcceptorConfig;
  readonly self: Address<AcceptorMessage>;
  readonly random: Random;
  correlation: number;
  readonly jobs: Map<number, AcceptorJob>;
  /** Jobs below it were under way when it was looked last; those that still are at the next look are given up. */
  jobMark: number;
  isLooking: boolean;
  /** The name of the store; empty until it has been read: till then nothing is answered but refusals. */
  store: string;
  roster: Roster | undefined;
  /** To be written, or being written. */
  rosterNext: Roster | undefined;
  isWritingRoster: boolean;
  readonly learners: LearnRoster[];
  /** Registers with a job under way. */
  readonly busy: Map<string, Busy>;
  waitingCount: number;
  /** As they are in the store. */
  readonly registers: Map<string, Register>;
  charactersCount: number;
}

export const homeTable = 255;
export const registersMax = 10_000;
export const charactersMax = 8_000_000;
const withinMs = 2_000;
const lookMs = 3_000;

type Without<J, K extends string> = J extends unknown ? Omit<J, K> : never;

export function askStore(
  state: AcceptorState,
  words: Without<StorageJob, 'replyTo' | 'correlation' | 'withinMs'>,
  job: AcceptorJob,
  out: Outbox,
): void {
  const correlation = state.correlation++;
  state.jobs.set(correlation, job);
  if (!state.isLooking) look(state, out);
  out.send(state.config.store, { ...words, replyTo: state.self, correlation, withinMs } as StorageJob);
}

export function look(state: AcceptorState, out: Outbox): void {
  state.isLooking = state.jobs.size > 0 || state.store === '';
  state.jobMark = state.correlation;
  if (state.isLooking) out.setTimer(lookMs, { type: 'ballot-due' });
}

export function keep(state: AcceptorState, name: string, register: Register): void {
  const { registers } = state;
  forget(state, name);
  registers.set(name, register);
  state.charactersCount += charactersOf(register);
  for (const oldest of registers.keys()) {
    if (registers.size <= registersMax && state.charactersCount <= charactersMax) break;
    forget(state, oldest);
  }
}

export function forget(state: AcceptorState, name: string): void {
  const register = state.registers.get(name);
  if (register === undefined) return;
  state.registers.delete(name);
  state.charactersCount -= charactersOf(register);
}

const charactersOf = ({ value }: Register): number => 200 + (value?.length ?? 0);

export function refuse(
  state: AcceptorState,
  { replyTo, correlation }: Ask | ListBallots,
  code: BallotRefused['code'],
  sentence: string,
  out: Outbox,
  promised = '',
): void {
  const { store, roster, config } = state;
  const told = code === 'roster-old' ? roster : undefined;
  out.send(replyTo, {
    type: 'ballot-refused',
    correlation,
    host: config.host,
    store,
    code,
    promised,
    roster: told,
    sentence,
  });
}
