// The ring as nobody in it can see it: the states of all peers of all hosts, who of them lives, who owns a key by the real ring, and
// whether the rules hold. Peers report that a pointer changed, so that the rules are asked only then.
import type { Address } from '@chordial/actor';
import { type ChordPeerState, fencingFault, ringFault } from '@chordial/chord';
import type { Member } from '@chordial/chord/protocol';
import { between, betweenRightClosed, type RingKey } from '@chordial/ring-key';
import type { SimulatedHost, Simulation } from '@chordial/simulator';

/** A question under way, and everybody who would have been a right answer since it was asked. */
export interface Question {
  readonly key: RingKey;
  readonly right: Set<Address<never>>;
}

/** A range that a service is handing over: nobody may own it before it is released. */
export interface Release {
  readonly giver: Pick<Member, 'chord' | 'life'>;
  readonly to: RingKey;
}

/** A message and, before it, the opening of a link. */
const handingMsMax = 40;
const settledMs = 3_000;
/** Members beyond r that must own a range before the ring is judged while hosts fail: the base, and two that one step may remove. */
const spareMin = 3;

export class RingWorld {
  readonly simulation: Simulation;
  readonly hosts: SimulatedHost[] = [];
  /** Lanes that have begun: another life of one starts with joiners. */
  readonly begun = new Set<string>();
  readonly questions = new Set<Question>();
  readonly releases = new Set<Release>();
  readonly counts = { asked: 0, right: 0, silent: 0, askedOneHop: 0, rightOneHop: 0 };
  /** What one step alone may not do. */
  broken: string | undefined;
  /** A range was owned before it was released; two sides of a partition may do that to each other. */
  early: string | undefined;
  isDirty = true;
  #signature = -1;
  #gapSince: number | undefined;
  #upsetAt = 0;
  #isOutsideProof = false;
  #members: readonly ChordPeerState[] = [];

  constructor(simulation: Simulation) {
    this.simulation = simulation;
  }

  /** Peers in the ring, on hosts and lanes that live and run. */
  members(): readonly ChordPeerState[] {
    const signature = this.#liveness();
    if (this.isDirty || signature !== this.#signature) {
      if (signature !== this.#signature) this.#upsetAt = this.simulation.now;
      this.#signature = signature;
      this.isDirty = false;
      this.#members = this.peers().filter(({ phase }) => phase === 'member' || phase === 'leaving');
      for (const question of this.questions) this.#noteOwner(question);
    }
    return this.#members;
  }

  /** States of all peers that run, whatever their phase. */
  peers(): ChordPeerState[] {
    const states: ChordPeerState[] = [];
    for (const host of this.hosts) {
      for (const lane of host.lanes) {
        if (lane?.phase !== 'up') continue;
        for (const { behaviour, phase, state } of lane.kernel.cells()) {
          if (behaviour.name === 'chord-peer' && phase === 'running') states.push(state as ChordPeerState);
        }
      }
    }
    return states;
  }

  /** Changes when a host or lane dies, pauses or starts. */
  #liveness(): number {
    let signature = 0;
    for (const { lanes, life, isUp } of this.hosts) {
      signature = (signature * 31 + life * 2 + (isUp ? 1 : 0)) | 0;
      for (const lane of lanes)
        signature = (signature * 7 + (lane === undefined ? 0 : lane.phase === 'up' ? 1 : 2)) | 0;
    }
    return signature;
  }

  /** The live member that owns the key, by the highest epoch; where nobody does just now, the one that follows the key. */
  ownerOf(key: RingKey): Member | undefined {
    let owner: ChordPeerState | undefined;
    let next: ChordPeerState | undefined;
    for (const peer of this.members()) {
      if (next === undefined || between(key, peer.self.key, next.self.key) || peer.self.key === key) next = peer;
      const owns = peer.owns && betweenRightClosed(peer.ownedFrom, key, peer.self.key);
      if (owns && (owner === undefined || peer.epoch > owner.epoch)) owner = peer;
    }
    return (owner ?? next)?.self;
  }

  /** The member that follows a member. */
  ownerAfter(key: RingKey): Member {
    const others = this.members().filter(({ self }) => self.key !== key);
    return others.reduce((best, other) => (between(key, other.self.key, best.self.key) ? other : best)).self;
  }

  ask(key: RingKey): Question {
    const question: Question = { key, right: new Set() };
    this.members();
    this.#noteOwner(question);
    this.questions.add(question);
    return question;
  }

  /** Whether the answer was right at some moment since the question. */
  isRight(question: Question, owner: Member): boolean {
    this.members();
    this.#noteOwner(question);
    return question.right.has(owner.chord as Address<never>);
  }

  #noteOwner({ key, right }: Question): void {
    const owner = this.ownerOf(key);
    if (owner !== undefined) right.add(owner.chord as Address<never>);
  }

  /**
   * No key owned twice with one epoch; one ordered ring, at least r + 1 principals, everyone with a live successor. The ring is judged
   * `never`, `always`, or while failures have left more than r + 3 members that own a range (joiners are not yet known), without which
   * Zave's proof says nothing; once they have not, it speaks again from the next state on that keeps the rules. That such a state
   * comes is asked at the end.
   */
  fault(successorsCount: number, ringJudged: 'never' | 'always' | 'while-enough'): string | undefined {
    const members = this.members();
    const broken = fencingFault(members);
    if (broken !== undefined || ringJudged === 'never') return broken;
    const owners = ringJudged === 'always' ? members : members.filter(({ owns }) => owns);
    const isFew = ringJudged === 'while-enough' && owners.length <= successorsCount + spareMin;
    this.#isOutsideProof ||= isFew;
    if (isFew) return undefined;
    const fault = ringFault(withoutLatecomers(members), successorsCount);
    if (fault === undefined) this.#isOutsideProof = false;
    return this.#isOutsideProof ? undefined : fault;
  }

  /**
   * While nobody fails every key has an owner, but for the moment in which a range is handed over: then its new owner hears of it by
   * one message.
   */
  gap(): string | undefined {
    const owners = this.#owners();
    const { now } = this.simulation;
    const open = owners.find(({ self, ownedFrom }, i) => {
      const before = owners.at(i - 1)!.self.key;
      return before !== self.key && between(before, ownedFrom, self.key);
    });
    if (open === undefined) this.#gapSince = undefined;
    else this.#gapSince ??= now;
    if (open === undefined || now - this.#gapSince! < handingMsMax) return undefined;
    return `nobody owned what lies before ${open.ownedFrom} for ${handingMsMax} ms, while nobody failed`;
  }

  #owners(): ChordPeerState[] {
    const owners = this.members().filter(({ owns }) => owns);
    return owners.sort((a, b) => (a.self.key < b.self.key ? -1 : 1));
  }

  /**
   * A key that two live members own, with whatever epochs, a while after the last host died or came back: only failures that are no
   * failures may bring that about. (Before, whoever takes over for a dead peer may not know a joiner that only the dead one knew.) A planned
   * leave takes as long as the answer of the successor, which has the data and the higher epoch by then.
   */
  overlap(): string | undefined {
    const owners = this.#owners();
    if (this.simulation.now - this.#upsetAt < settledMs) return undefined;
    for (const [i, { self, ownedFrom }] of owners.entries()) {
      const before = owners.at(i - 1)!.self;
      if (owners.at(i - 1)!.phase === 'leaving') continue;
      if (before !== self && between(ownedFrom, before.key, self.key))
        return `${before.key} and ${self.key} own a key both, (${ownedFrom}, with epochs ${owners.at(i - 1)!.epoch} and ${owners[i]!.epoch}`;
    }
    return undefined;
  }
}

/** Two joiners may be given one place; the one that owns nothing yet finds out at its first period. */
function withoutLatecomers(members: readonly ChordPeerState[]): readonly ChordPeerState[] {
  const counts = new Map<RingKey, number>();
  for (const { self } of members) counts.set(self.key, (counts.get(self.key) ?? 0) + 1);
  if (counts.size === members.length) return members;
  return members.filter(({ self, owns }) => owns || counts.get(self.key) === 1);
}
