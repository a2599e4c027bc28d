// Where a peer joins: at a place that this host had in an earlier life, if nobody else has it, else in the middle of a largest arc, with
// the places that were given and not yet taken counted as taken. The leader places for all lanes, so that no two get one place.
import type { Address, Outbox } from '@chordial/actor';
import type { ChordMessage, Member, PlacePeer } from '@chordial/chord/protocol';
import { lowerBound, type RingKey } from '@chordial/ring-key';
import { middleOfLargestArc } from './arcs.ts';
import { placeGivenMs, waitersMax } from './limits.ts';
import type { MembershipState } from './state.ts';

export function onPlacePeer(state: MembershipState, message: PlacePeer, now: number, out: Outbox): void {
  if (!state.isLeader) return out.send(state.config.leader, message);
  if (placePeer(state, message.chord, now, out)) state.waiters.delete(message.chord);
  else if (state.waiters.size < waitersMax) state.waiters.add(message.chord);
}

/** Members came: who asked for a place before is answered. */
export function answerWaiters(state: MembershipState, now: number, out: Outbox): void {
  for (const chord of [...state.waiters]) if (placePeer(state, chord, now, out)) state.waiters.delete(chord);
}

/** False while there is nobody to ask in the ring, or the persisted places are not read yet. */
function placePeer(state: MembershipState, chord: Address<ChordMessage>, now: number, out: Outbox): boolean {
  if (state.reading !== 0 || state.isLeaving) return false;
  if (contactFor(state, chord) === undefined) return false;
  const before = state.given.get(chord);
  // The answer may have been lost: the same place again, once; then it was refused as taken, and another one is drawn.
  const isAgain = before !== undefined && before.times < 2 && !isMemberKey(state, before.key);
  const key = isAgain ? before.key : freePlace(state);
  // The member before the place knows both neighbours-to-be and answers by the link that the joiner opens to it; a peer farther away
  // may not know the way back to a new host yet. One that was named in vain is not named again.
  const nearest = memberBefore(state, key);
  const contact =
    nearest === undefined || nearest.chord === before?.contact.chord ? contactFor(state, chord)! : nearest;
  const times = isAgain ? before.times + 1 : 1;
  state.given.set(chord, { key, until: now + placeGivenMs, times, contact });
  out.send(chord, { type: 'peer-placed', key, contact });
  return true;
}

function freePlace(state: MembershipState): RingKey {
  state.taken ??= takenKeys(state);
  const { taken, placesEarlier, random, config, picture } = state;
  for (let key = placesEarlier.shift(); key !== undefined; key = placesEarlier.shift()) {
    if (insert(taken, key)) return key;
  }
  const isOwn = (key: RingKey): boolean => {
    const member = picture.members[lowerBound(picture.members, key)];
    return member?.key !== key || member.host === config.host;
  };
  const key = middleOfLargestArc(taken, isOwn, random);
  insert(taken, key);
  return key;
}

/** Members' keys, and places given: sorted, distinct. */
function takenKeys({ picture, given }: MembershipState): RingKey[] {
  const taken = picture.members.map(({ key }) => key);
  for (const { key } of given.values()) insert(taken, key);
  return taken;
}

/** False when it was there already. */
function insert(keys: RingKey[], key: RingKey): boolean {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  if (keys[low] === key) return false;
  keys.splice(low, 0, key);
  return true;
}

function isMemberKey({ picture }: MembershipState, key: RingKey): boolean {
  return picture.members[lowerBound(picture.members, key)]?.key === key;
}

/** The nearest member before `key`, counter-clockwise, if it lives on another host. */
function memberBefore({ picture: { members }, config }: MembershipState, key: RingKey): Member | undefined {
  const member = members.at(lowerBound(members, key) - 1);
  return member?.host === config.host ? undefined : member;
}

/** A live member other than the asker, in turns; one of another host where there is one within a few steps. */
function contactFor(state: MembershipState, chord: Address<ChordMessage>): Member | undefined {
  const { members } = state.picture;
  let own: Member | undefined;
  for (let tries = 0; tries < Math.min(members.length, 64); tries++) {
    const member = members[++state.contactTurn % members.length]!;
    if (member.host !== state.config.host) return member;
    if (member.chord !== chord) own = member;
  }
  return own;
}

/** Places that were not taken are free again. */
export function forgetGiven(state: MembershipState, now: number): void {
  for (const [chord, { until }] of state.given) {
    if (until > now) break;
    state.given.delete(chord);
    state.taken = undefined;
  }
}
