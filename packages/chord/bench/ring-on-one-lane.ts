// A ring of chord peers on one kernel with a clock moved by hand: messages in order, no loss. For tests and benches of this
// package; faults belong to the simulator.
import { type Address, type Behaviour, makeAddress, type Typed } from '@chordial/actor';
import { type DueTimer, LaneKernel } from '@chordial/actor/shell';
import { type ChordPeerState, type FoundingRing, foundingRing, ringOfMembers } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type { ChordMessage, FindSuccessor, Member, SuccessorFound } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';

const firstIndex = 32;
export const addressOf = (index: number): Address<ChordMessage> => makeAddress(0, 0, firstIndex + index);

/** A founding ring of one host and one lane. */
export const loneHostRing = (peersCount: number, ringName = 'orchard'): FoundingRing =>
  foundingRing({ hosts: [{ host: 0, lanesCount: 1 }], peersCount, ringName, chordAddress: (_, i) => addressOf(i) });

/** A founding ring of any keys, given in ascending order. */
export const ringOfKeys = (keys: readonly RingKey[], successorsCount: number): FoundingRing =>
  ringOfMembers(
    keys.map((key, i): Member => ({ key, host: 0, lane: 0, chord: addressOf(i) })),
    successorsCount,
  );

interface PendingTimer {
  readonly at: number;
  readonly due: DueTimer;
}

export class RingOnOneLane {
  readonly ring: FoundingRing;
  /** Answers to `find-successor` since the last look. */
  found: SuccessorFound[] = [];
  readonly kernel: LaneKernel;
  readonly asker: Address<SuccessorFound>;
  /** Called after every step of a peer when set. */
  stepped: ((peer: Member, message: Typed) => void) | undefined;
  #timers: PendingTimer[] = [];

  /** `knowledge` says what member number i takes for the founding ring; all take `ring` when it is left out. */
  constructor(ring: FoundingRing, knowledge: (index: number) => FoundingRing = () => ring) {
    this.ring = ring;
    this.kernel = new LaneKernel(0, 0, 1, {
      post: () => false,
      setTimer: (delayMs, due) => {
        this.#timers.push({ at: this.kernel.now + delayMs, due });
        return this.#timers.length;
      },
      clearTimer: () => {},
      actorFailed: (_actor, name, failure) => {
        throw new Error(`${name} failed`, { cause: failure });
      },
      laneFailed: () => {},
      stepped: (cell, message) => {
        const member = this.ring.members[cell.index - firstIndex];
        if (member !== undefined) this.stepped?.(member, message);
      },
    });
    const asker: Behaviour<this, SuccessorFound, undefined> = {
      name: 'asker',
      init: () => this,
      step: (_, { message }) => this.found.push(message),
      mailbox: { messagesMax: 1_000_000, overflow: 'drop-newest' },
    };
    this.asker = this.kernel.spawnRoot(asker, undefined, 1);
    ring.members.forEach((self, i) => {
      const address = this.kernel.spawnRoot(chordPeer, { self, founding: knowledge(i) });
      if (address !== self.chord) throw new Error('peers are spawned in the order of their addresses');
    });
  }

  states(): ChordPeerState[] {
    return this.ring.members.map(({ chord }) => this.kernel.cellAt(chord as Address<never>)!.state as ChordPeerState);
  }

  /** Puts a question to member number `start`; nothing moves before `run`. */
  ask(start: number, key: RingKey, correlation: number, withTrace = false): void {
    const question: FindSuccessor = {
      type: 'find-successor',
      key,
      replyTo: this.asker,
      correlation,
      hops: 0,
      ...(withTrace ? { trace: [] } : {}),
    };
    const to = this.ring.members[start]!.chord as Address<Typed>;
    this.kernel.deliver(to, this.asker as Address<never>, question);
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
    const until = this.kernel.now + ms;
    for (;;) {
      let next: PendingTimer | undefined;
      for (const timer of this.#timers) if (timer.at <= (next?.at ?? until) && timer !== next) next = timer;
      if (next === undefined) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.kernel.now = next.at;
      this.kernel.fire(next.due);
      this.run();
    }
    this.kernel.now = until;
  }
}
