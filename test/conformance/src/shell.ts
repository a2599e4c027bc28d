// A shell as the suite sees it: starts a lane program from its module, hears what the program reports, and can kill a lane. Both
// shells are driven through this interface only, so a case cannot know which one it runs on.
import type { Address, Typed } from '@chordial/actor';

/** What a program sent to its gateway; `lane` is where. */
export interface Report {
  readonly lane: number;
  readonly message: Typed & Readonly<Record<string, unknown>>;
}

export interface RunningHost {
  readonly reports: readonly Report[];
  /** Resolves when `isDone` holds over the reports; rejects with the reports so far when it does not within 10 s. */
  until(isDone: (reports: readonly Report[]) => boolean): Promise<void>;
  /** Lets the host run for this long, for what must not happen. */
  settle(ms: number): Promise<void>;
  ask(lane: number, to: Address<Typed>, message: Typed): Promise<Typed>;
  killLane(lane: number): void;
  stop(): Promise<void>;
}

/** A host of a running ring; its number counts from 1. */
export interface RunningMember {
  /** What all its lives reported. */
  readonly reports: readonly Report[];
  ask(lane: number, to: Address<Typed>, message: Typed): Promise<Typed>;
  /** Ends the process; `start` begins another life of it, at the same place with the same key. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface RunningRing {
  readonly members: readonly RunningMember[];
  until(isDone: () => boolean): Promise<void>;
  settle(ms: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ShellUnderTest {
  readonly name: string;
  start(program: URL, config: unknown, lanesCount: number): Promise<RunningHost>;
  /** Starts hosts 1 to `hostsCount`; the program's config is a `RingConfig`. */
  startRing(program: URL, hostsCount: number, lanesCount: number): Promise<RunningRing>;
}

export const patienceMs = 10_000;

/** The messages of one type, in the order in which they came. */
export const ofType = (reports: readonly Report[], type: string): Report['message'][] =>
  reports.filter(({ message }) => message.type === type).map(({ message }) => message);
