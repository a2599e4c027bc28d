// Who owns what. Pointers say how the ring hangs together; a range changes its owner later, when its records were handed over or its
// owner is dead, and the epoch grows each time. The epoch is a fencing token: of two peers that think they own a key the
// higher one does, and the other finds out when it reads its successor (or is read) and waits for a hand-over.
//
//   m --------- j -------------- n     n owns (m, n]; j rectifies: pred := j, hand-range (m, j] to n's service
//       old owner serves until       range-released: n owns (j, n], range-handed to j, which owns (m, j]
import type { Outbox } from '@chordial/actor';
import { between, type RingKey } from '@chordial/ring-key';
import { type ChordPeerState, changeVersion, nextCorrelation, sameMember } from './peer-state.ts';
import type { Member, PointersRead, RangeHanded, RangeReleased, Rectify } from './protocol.ts';
import { notifySuccessor } from './rectification.ts';

/** A service that has not released a range for so long is asked again. */
export const handingMsMax = 60_000;
/** The low digits of an epoch say who drew it, so that two peers that take over alone never draw the same. */
const drawersCount = 2 ** 20;
/** The largest prime below 2^20, so that every part of an address counts. */
const addressesPrime = 1_048_573;

/** Higher than both, and nobody else's. */
export function nextEpoch({ key, chord }: Member, a: number, b: number): number {
  // Two sides of a partition may give one and the same key to two peers, which live at different addresses. Keys and addresses are both
  // regular, so they are mixed before they are added (multiplicative hashing, Knuth, volume 3, 6.4).
  const place =
    Math.imul(Number.parseInt(key.slice(0, 7), 16), 0x9e3779b1) ^ Math.imul(chord % addressesPrime, 0x85ebca6b);
  const drawer = Math.imul(place ^ (place >>> 15), 0xc2b2ae35) >>> 12;
  return (Math.floor(Math.max(a, b) / drawersCount) + 1) * drawersCount + drawer;
}

export function tellRange(state: ChordPeerState, out: Outbox): void {
  const { self, owns, ownedFrom: from, epoch, config } = state;
  for (const listener of config.listeners ?? []) out.send(listener, { type: 'range-changed', self, owns, from, epoch });
}

export function setRange(state: ChordPeerState, owns: boolean, from: RingKey, epoch: number, out: Outbox): void {
  state.owns = owns;
  state.ownedFrom = from;
  state.epoch = epoch;
  if (owns) state.doubted = false;
  state.orphanReadsCount = 0;
  changeVersion(state);
  tellRange(state, out);
  // The successor takes over from a dead predecessor with a higher epoch than that had last.
  notifySuccessor(state, out);
}

/** Whether (from, of] holds `key` and does not end with it: then a peer at `key` is not the owner of what lies before it. */
const covers = (from: RingKey, key: RingKey, of: RingKey): boolean => between(from, key, of);

/** The predecessor told what it owns: the range is handed over, yielded, handed again, or grows over what a dead peer owned. */
export function predecessorHeard(state: ChordPeerState, message: Rectify, now: number, out: Outbox): void {
  const { notifier, epoch, owns } = message;
  const { self, ownedFrom, handed, predecessorEpoch } = state;
  state.predecessorEpoch = Math.max(epoch, predecessorEpoch);
  if (!state.owns) return;
  if (covers(ownedFrom, notifier.key, self.key)) {
    if (!owns) handOver(state, message, now, out);
    else if (epoch > state.epoch) setRange(state, true, notifier.key, state.epoch, out);
  } else if (ownedFrom !== notifier.key) {
    setRange(state, true, notifier.key, nextEpoch(self, state.epoch, state.predecessorEpoch), out);
  } else if (handed !== undefined && sameMember(handed.to, notifier)) {
    if (owns) state.handed = undefined;
    else
      out.send(notifier.chord, {
        type: 'range-handed',
        from: handed.from,
        to: notifier.key,
        giver: self,
        epoch: handed.epoch,
      });
  }
}

/** Before a peer owns a range it has its data; the old owner serves until then. */
function handOver(state: ChordPeerState, { notifier, service }: Rectify, now: number, out: Outbox): void {
  const { config, handing, self, ownedFrom } = state;
  if (state.phase !== 'member') return;
  if (handing !== undefined && now - handing.startedAt < handingMsMax) return;
  const correlation = nextCorrelation(state);
  state.handing = { to: notifier, correlation, startedAt: now };
  if (config.service === undefined || service === undefined) return onRangeReleased(state, { correlation }, out);
  const { key: to } = notifier;
  const replyTo = self.chord;
  out.send(config.service, { type: 'hand-range', from: ownedFrom, to, target: service, replyTo, correlation });
}

export function onRangeReleased(
  state: ChordPeerState,
  { correlation }: Omit<RangeReleased, 'type'>,
  out: Outbox,
): void {
  const { handing, self, ownedFrom: from } = state;
  if (handing?.correlation !== correlation) return;
  state.handing = undefined;
  const { to } = handing;
  if (!state.owns || !covers(from, to.key, self.key)) return;
  const epoch = nextEpoch(self, state.epoch, state.predecessorEpoch);
  state.handed = { to, from, epoch };
  setRange(state, true, to.key, epoch, out);
  out.send(to.chord, { type: 'range-handed', from, to: to.key, giver: self, epoch });
}

export function onRangeHanded(state: ChordPeerState, { from, to, epoch }: RangeHanded, out: Outbox): void {
  if (state.phase === 'member' && to === state.self.key && epoch > state.epoch) setRange(state, true, from, epoch, out);
}

/** What the successor owns tells whether this peer lost its range while it was away, or may take one that nobody owns. */
export function compareWithSuccessor(state: ChordPeerState, message: PointersRead, out: Outbox): void {
  const { self, owns, predecessor } = state;
  const isCovered = message.owns && covers(message.ownedFrom, self.key, message.self.key);
  state.successorWaits = !message.owns;
  state.successorCovers = isCovered;
  const isOrphan = !owns && !state.doubted && message.owns && message.ownedFrom === self.key;
  state.orphanReadsCount = isOrphan ? state.orphanReadsCount + 1 : 0;
  if (isCovered && message.epoch > state.epoch && (owns || state.doubted)) {
    state.doubted = false;
    setRange(state, false, self.key, state.epoch, out);
  } else if (isCovered && message.epoch < state.epoch && owns) {
    // The successor will yield. Until then both have served, so the listeners must know that this is not the range that it was.
    setRange(state, true, state.ownedFrom, nextEpoch(self, state.epoch, state.predecessorEpoch), out);
  } else if (state.orphanReadsCount >= 2 && !sameMember(predecessor, self)) {
    // Whoever was to give it died: the first time the successor was asked to send `range-handed` again, and did not.
    const epoch = nextEpoch(self, Math.max(state.epoch, message.epoch), state.predecessorEpoch);
    setRange(state, true, predecessor.key, epoch, out);
  }
}
