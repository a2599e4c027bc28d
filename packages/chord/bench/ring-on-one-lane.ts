// A ring of chord peers on one kernel with a clock moved by hand: messages in order, no loss. Peers can join, be killed in silence,
// and be asked to leave; which host a peer lives on is only said, not felt. For tests and benches of this package; faults of
// networks belong to the simulator.
import { type Address, type Behaviour, makeAddress, nobody, type Typed } from '@chordial/actor';
import { type DueTimer, LaneKernel } from '@chordial/actor/shell';
import {
  type ChordPeerConfig,
  type ChordPeerState,
  type FoundingRing,
  foundingRing,
  ringOfMembers,
} from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type {
  ChordMessage,
  FindSuccessor,
  LeaveRefused,
  Member,
  RingLeft,
  SuccessorFound,
} from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';

const firstIndex = 32;
export const addressOf = (index: number): Address<ChordMessage> => makeAddress(0, 0, firstIndex + index);

/** A founding ring of one host and one lane. */
export const loneHostRing = (peersCount: number, ringName = 'orchard'): FoundingRing =>
  foundingRing({ hosts: [{ host: 0, lanesCount: 1 }], peersCount, ringName, chordAddress: (_, i) => addressOf(i) });

/** A founding ring of any keys, given in ascending order. */
export const ringOfKeys = (
  keys: readonly RingKey[],
  successorsCount: number,
  hostOf: (index: number) => number = () => 0,
): FoundingRing =>
  ringOfMembers(
    keys.map((key, i): Member => ({ key, host: hostOf(i), lane: 0, chord: addressOf(i), life: 0 })),
    successorsCount,
  );

interface PendingTimer {
  readonly at: number;
  readonly due: DueTimer;
}

type Answer = SuccessorFound | RingLeft | LeaveRefused;

export class RingOnOneLane {
  readonly ring: FoundingRing;
  /** Answers to `find-successor` since the last look. */
  found: SuccessorFound[] = [];
  /** Answers to `leave-ring`. */
  left: (RingLeft | LeaveRefused)[] = [];
  readonly kernel: LaneKernel;
  readonly asker: Address<Answer>;
  /** Called after every step of a peer when set. */
  stepped: ((peer: Member, message: Typed) => void) | undefined;
  /** Whether the way between two peers is cut; both directions are asked. */
  isCut: ((from: Address<never>, to: Address<ChordMessage>) => boolean) | undefined;
  readonly #timers = new Map<number, PendingTimer>();
  #timersCount = 0;
  readonly #peers: Address<ChordMessage>[] = [];
  readonly #dead = new Set<number>();
  readonly #behaviour = dyingPeer(this, this.#dead);

  /** `knowledge` says what member number i takes for the founding ring; all take `ring` when it is left out. */
  constructor(
    ring: FoundingRing,
    knowledge: (index: number) => FoundingRing = () => ring,
    more: Omit<ChordPeerConfig, 'self' | 'founding'> = {},
  ) {
    this.ring = ring;
    this.kernel = new LaneKernel(0, 0, 1, {
      post: () => true,
      setTimer: (delayMs, due) => {
        this.#timersCount++;
        this.#timers.set(this.#timersCount, { at: this.kernel.now + delayMs, due });
        return this.#timersCount;
      },
      clearTimer: (timer) => this.#timers.delete(timer),
      actorFailed: (_actor, name, failure) => {
        throw new Error(`${name} failed`, { cause: failure });
      },
      laneFailed: () => {},
      stepped: (cell, message) => {
        if (cell.behaviour.name === chordPeer.name) this.stepped?.((cell.state as ChordPeerState).self, message);
      },
    });
    const asker: Behaviour<this, Answer, undefined> = {
      name: 'asker',
      init: () => this,
      step: (_, { message }) => {
        if (message.type === 'successor-found') this.found.push(message);
        else this.left.push(message);
      },
      mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
    };
    this.asker = this.kernel.spawnRoot(asker, undefined, 1);
    ring.members.forEach((self, i) => {
      const address = this.join({ ...more, self, founding: knowledge(i) });
      if (address !== self.chord) throw new Error('peers are spawned in the order of their addresses');
    });
  }

  /** Starts one more peer, a joiner unless its config says that it is a founder. */
  join(config: ChordPeerConfig): Address<ChordMessage> {
    const address = this.kernel.spawnRoot(this.#behaviour, config);
    this.#peers.push(address);
    return address;
  }

  /** From now on the peer hears and says nothing. */
  kill(peer: Address<ChordMessage>): void {
    this.#dead.add(peer);
  }

  tell(peer: Address<ChordMessage>, message: ChordMessage): void {
    this.kernel.deliver(peer as Address<Typed>, nobody, message);
  }

  leave(peer: Address<ChordMessage>, correlation = 1): void {
    this.tell(peer, { type: 'leave-ring', replyTo: this.asker, correlation });
  }

  /** Of all peers that live, in the order in which they were started. */
  states(): ChordPeerState[] {
    return this.#peers
      .filter((peer) => !this.#dead.has(peer))
      .map((peer) => this.kernel.cellAt(peer as Address<never>)!.state as ChordPeerState);
  }

  stateOf(peer: Address<ChordMessage>): ChordPeerState {
    return this.kernel.cellAt(peer as Address<never>)!.state as ChordPeerState;
  }

  /** Puts a question to founder number `start`; nothing moves before `run`. */
  ask(start: number, key: RingKey, correlation: number, withTrace = false): void {
    this.askPeer(this.ring.members[start]!.chord, key, correlation, withTrace);
  }

  askPeer(peer: Address<ChordMessage>, key: RingKey, correlation: number, withTrace = false): void {
    const question: FindSuccessor = {
      type: 'find-successor',
      key,
      replyTo: this.asker,
      correlation,
      hops: 0,
      ...(withTrace ? { trace: [] } : {}),
    };
    this.kernel.deliver(peer as Address<Typed>, this.asker as Address<never>, question);
  }

  find(start: number, key: RingKey, withTrace = false): SuccessorFound {
    this.found = [];
    this.ask(start, key, 1, withTrace);
    this.run();
    return this.found[0]!;
  }

  /** Until nobody has mail. */
  run(): void {
    while (this.kernel.run(100_000) > 0);
  }

  /** Lets time pass, firing timers in order, each followed by all that it leads to. */
  advance(ms: number): void {
    this.run();
    const until = this.kernel.now + ms;
    for (;;) {
      let next: [id: number, timer: PendingTimer] | undefined;
      for (const entry of this.#timers)
        if (entry[1].at <= until && entry[1].at < (next?.[1].at ?? Infinity)) next = entry;
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.kernel.now = Math.max(this.kernel.now, next[1].at);
      this.kernel.fire(next[1].due);
      this.run();
    }
    this.kernel.now = until;
  }
}

/** A peer that takes no step any more once it is dead; its invariants are looked at after each step where steps are watched. */
const dyingPeer = (lane: RingOnOneLane, dead: ReadonlySet<number>): typeof chordPeer => ({
  ...chordPeer,
  step: (state, received, out) => {
    if (dead.size > 0 && dead.has(state.self.chord)) return;
    if (lane.isCut?.(received.from, state.self.chord) === true) return;
    chordPeer.step(state, received, out);
    const broken = lane.stepped === undefined ? undefined : chordPeer.invariants?.(state);
    if (broken !== undefined) throw new Error(`broken invariant: ${broken}`);
  },
});
