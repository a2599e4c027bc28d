// The contract between an actor's core and whatever runs it. A core is `step(state, received, out)`: it does no
// I/O, reads no clock, rolls no dice and awaits nothing. Time arrives as `received.now`, chance as a seed at birth,
// and all that a core can do is the five effects on `out`. The same behaviour runs under the simulator and the
// runtime and cannot tell which.
import type { Address } from './address.ts';
import type { DiskRequest, HostsRequest, TcpRequest, UdpRequest } from './protocol.ts';
import type { Typed, Words } from './words.ts';

/** Names a pending timer; valid until it fires or is cleared. 0 is never a timer. */
export type TimerId = number;

/** What a step is given. One object reused for every step: read it, do not keep it. */
export interface Received<M> {
  /** Milliseconds on the shell's monotonic clock, the same for all steps of one turn. */
  readonly now: number;
  /** The sender, `nobody` for timers and for the world outside the actors. */
  readonly from: Address<never>;
  /**
   * The message: plain data, never changed after it was sent. Byte views in it (`bytes`, `start`, `end`) are valid until
   * the end of the turn, that is, while messages it led to on this lane are handled; keep a copy to keep them longer. They
   * are plain Uint8Arrays, so that `slice` copies.
   */
  readonly message: M;
}

/** The five effects. Nothing happens before the step ends, except that addresses and timer ids are given at once. */
export interface Outbox {
  send<M>(to: Address<M>, message: NoInfer<M>): void;
  /** Delivers `message` to the actor itself after `delayMs` (>= 0, finite) milliseconds, unless it failed or stopped before. */
  setTimer(delayMs: number, message: Typed): TimerId;
  /** Forgets a timer. One that was due already may wait in the mailbox and still arrives. */
  clearTimer(timer: TimerId): void;
  /** Starts a child of the actor whose step this is. */
  spawn<State, M extends Typed, Config>(behaviour: Behaviour<State, M, Config>, config: Config): Address<M>;
  /** Stops a child, or, without an address, the actor itself after this step. Its children stop with it. */
  stop(child?: Address<never>): void;
}

/**
 * What happens to a message that finds `messagesMax` others waiting. Due timers and `child-stopped` are counted among those but
 * never dropped themselves.
 */
export type Overflow =
  /** The new message is dropped and counted. */
  | 'drop-newest'
  /** The longest waiting one is dropped and counted. */
  | 'drop-oldest'
  /** The new message goes back to its sender on the same lane as `message-refused`; any other is only counted. */
  | 'refuse';

export interface Mailbox {
  readonly messagesMax: number;
  readonly overflow: Overflow;
}

/** How an actor treats its children that fail: restart with doubling back-off, and give up after n in t. */
export interface Supervision {
  readonly backoffMsMin: number;
  readonly backoffMsMax: number;
  /** More failures of one child than this within `withinMs`: the supervisor itself fails (escalation). */
  readonly restartsMax: number;
  readonly withinMs: number;
}

/** What an actor knows at birth, and again after each restart. */
export interface Birth<M> {
  readonly self: Address<M>;
  readonly now: number;
  /** Differs for every actor and every restart; the same in every run with the same shell seed. */
  readonly seed: number;
}

/** What a shell needs to run an actor. `State` is changed in place and belongs to the actor alone. */
export interface Behaviour<State, M extends Typed, Config> {
  readonly name: string;
  init(config: Config, birth: Birth<M>, out: Outbox): State;
  step(state: State, received: Received<M>, out: Outbox): void;
  readonly mailbox: Mailbox;
  /** For actors with children; the default is `defaultSupervision`. */
  readonly supervision?: Supervision;
  /** For actors that are sent to from other threads or hosts. */
  readonly words?: Words<M>;
  /** True where a sender wants `message-refused` and `child-stopped`; others are only counted. */
  readonly hearsSystem?: boolean;
  /** A sentence about the first broken invariant, or undefined. The simulator asks after every step. */
  invariants?(state: State): string | undefined;
  /** A small picture of the state as JSON data, for operators and for histories. */
  inspect?(state: State): unknown;
}

/** What a lane program is given to lay out one lane: its place, its ports, and a way to start root actors. */
export interface LaneSetup<Config> {
  readonly config: Config;
  /** The number of this host in every address: 0 for one that is alone, 1 to 65,535 in a ring of several hosts. */
  readonly host: number;
  readonly lane: number;
  readonly lanesCount: number;
  /** Wall-clock milliseconds since 1970 when the shell's clock (`now`) was 0: `startedAt + now` is later in every later life. */
  readonly startedAt: number;
  /** True when this lane replaces one that died. */
  readonly restarted: boolean;
  readonly ports: {
    readonly udp: Address<UdpRequest>;
    readonly tcp: Address<TcpRequest>;
    readonly disk: Address<DiskRequest>;
    readonly hosts: Address<HostsRequest>;
    /** The world outside the actors: what is sent here reaches whoever runs the host, as a report. */
    readonly gateway: Address<Typed>;
  };
  /** Starts a root actor; with `at` (16..31) it has the same index on every lane, see `wellKnown`. */
  spawn<State, M extends Typed, C>(behaviour: Behaviour<State, M, C>, config: C, at?: number): Address<M>;
  /** The address of the root actor that the program placed `at` on `lane` of this host, or of another one. */
  wellKnown<M>(lane: number, at: number, host?: number): Address<M>;
  /** Sends a message to an actor of this lane: a first one, or later, between turns, the answer of a library that takes its time. */
  send<M>(to: Address<M>, message: NoInfer<M>): void;
}

/** Lays out one lane of a host. The only place where behaviours, ports and numbers meet. */
export type LaneProgram<Config> = (setup: LaneSetup<Config>) => void;
