// From a request to the peer that owns its user: a peer of this lane by its own range, else the owner by the list of members (one
// hop), else whom the ring names. What a list says of this lane's own peers is not believed: such a range is on its way, and the
// request goes to who serves it meanwhile. Every request ends with a service, with another dispatcher, or with an answer.
import { type Address, makeAddress, type Outbox } from '@chordial/actor';
import type { FindSuccessor, Member } from '@chordial/chord/protocol';
import { KeyHasher, type RingKey, ringKeyFromText } from '@chordial/ring-key';
import type { Peek } from '@chordial/sip-parser';
import type { RequestReceived } from '@chordial/sip-transaction/protocol';
import type { Flow } from '@chordial/sip-transport/protocol';
import { type Refusal, serviceUnavailable } from './admission.ts';
import type { ForwardRequest, LookupsDue } from './protocol.ts';
import { mustRest, rest } from './resting.ts';
import type { State } from './state.ts';

/** Used and done with within one step. */
const hasher = new KeyHasher();

const lookupsDue: LookupsDue = { type: 'lookups-due' };

/** Members looked at for one on another lane, clockwise from the owner. */
const CLOCKWISE_MAX = 64;

/** The user that an admitted request is for (DESIGN section 8). */
export function aorOf(state: State, peek: Peek): string {
  return state.domains.aorOf(peek, peek.subjectField);
}

/** Answers without a transaction. */
export function answer(state: State, peek: Peek, flow: Flow, refusal: Refusal, now: number, out: Outbox): void {
  const { statusCode, reason, headerLines } = refusal;
  const response = state.responder.answer(now, peek, flow, statusCode, reason, headerLines);
  if (response === undefined) {
    state.counts.malformed++;
    return;
  }
  state.answered[statusCode]!++;
  out.send(state.config.transport, response);
}

/** `hasRested`: the request comes from its rest, and may take the next hop. */
export function route(
  state: State,
  peek: Peek,
  flow: Flow,
  hops: number,
  hasRested: boolean,
  now: number,
  out: Outbox,
): void {
  const aor = aorOf(state, peek);
  hasher.clear();
  const isHashed = hasher.addText(aor);
  if (isHashed) hasher.finish();
  const key = isHashed ? undefined : ringKeyFromText(aor);
  const { ranges, table } = state;
  const local = key === undefined ? ranges.ownerOfHashed(hasher) : ranges.ownerOf(key);
  if (local !== undefined) {
    serve(state, peek, flow, aor, local.service, now, out);
    return;
  }
  let next: Member | 'ask' | undefined = 'ask';
  if (table !== undefined) {
    next = nextOf(state, key === undefined ? table.ownerIndexOf(hasher) : table.ownerIndex(key));
  }
  if (typeof next === 'object') forward(state, peek, flow, next, hops, hasRested, now, out);
  else if (next === 'ask') askRing(state, peek, flow, key ?? hasher.key, hops, hasRested, now, out);
  else rest(state, peek, flow, hops, now, out);
}

/**
 * Whom to turn to for a key that no peer of this lane owns and whose owner is listed at `index`. Listed on this lane nevertheless:
 * - the peer owns nothing (it joins and has not been handed its range, has left, or doubts): the next member clockwise that is not of this
 *   lane serves the range until it is handed over, or has taken it over;
 * - the peer owns what begins after the key: somebody between is not on the list yet, or has died and is not yet replaced: the ring knows.
 * Undefined when there is nobody: this lane's peers are the whole ring.
 */
export function nextOf(state: State, index: number): Member | 'ask' | undefined {
  const { members, ranges } = state;
  const owner = members[index]!;
  if (!isHere(state, owner)) return owner;
  if (ranges.peerOf(owner.chord)?.range?.owns === true) return 'ask';
  const steps = Math.min(members.length, CLOCKWISE_MAX);
  for (let i = 1; i < steps; i++) {
    const member = members[(index + i) % members.length]!;
    if (!isHere(state, member)) return member;
  }
  return undefined;
}

export const isHere = (state: State, { host, lane }: Member): boolean => host === state.host && lane === state.lane;

/** Whom to ask where the ring is asked; undefined while nobody is known, as all peers of this lane are still joining. */
export function askedPeer({ config, ranges }: State): Address<FindSuccessor> | undefined {
  return ranges.someMember?.chord ?? (ranges.count === 0 ? config.chord : undefined);
}

/** A peer of this lane owns the user. Not attached: its lane is starting, and the client may try again in a second. */
export function serve(
  state: State,
  peek: Peek,
  flow: Flow,
  aor: string,
  service: Address<RequestReceived> | undefined,
  now: number,
  out: Outbox,
): void {
  if (service === undefined) {
    answer(state, peek, flow, serviceUnavailable, now, out);
    return;
  }
  state.counts.served++;
  const { bytes, start, end } = peek;
  out.send(state.config.transaction, { type: 'serve-request', bytes, start, end, peek, flow, aor, service });
}

export function forward(
  state: State,
  peek: Peek,
  flow: Flow,
  owner: Member,
  hops: number,
  hasRested: boolean,
  now: number,
  out: Outbox,
): void {
  if (hops >= state.config.hopsMax || (!hasRested && mustRest(hops))) {
    rest(state, peek, flow, hops, now, out);
    return;
  }
  state.counts.forwarded++;
  const { bytes, start, end } = peek;
  const { address, port } = flow;
  const to = makeAddress<ForwardRequest>(owner.host, owner.lane, state.at);
  const request = {
    type: 'forward-request',
    bytes,
    start,
    end,
    address,
    port,
    hops: hops + 1,
    owner: owner.key,
  } as const;
  const edge = flow.edge ?? (owner.host === state.host ? undefined : state.config.transport);
  out.send(to, edge === undefined ? request : { ...request, edge });
}

function askRing(
  state: State,
  peek: Peek,
  flow: Flow,
  key: RingKey,
  hops: number,
  hasRested: boolean,
  now: number,
  out: Outbox,
): void {
  if (!hasRested && mustRest(hops)) {
    rest(state, peek, flow, hops, now, out);
    return;
  }
  const asked = askedPeer(state);
  if (asked === undefined) {
    rest(state, peek, flow, hops, now, out);
    return;
  }
  if (!state.lookups.hasRoom(peek.end - peek.start)) {
    answer(state, peek, flow, serviceUnavailable, now, out);
    return;
  }
  state.counts.lookups++;
  const bytes = peek.bytes.slice(peek.start, peek.end);
  const correlation = state.lookups.add({ kind: 'request', bytes, flow, hops, askedAt: now });
  out.send(asked, { type: 'find-successor', key, replyTo: state.self, correlation, hops: 0 });
  watchLookups(state, out);
}

/** One timer serves all pending look-ups, as they wait equally long. */
export function watchLookups(state: State, out: Outbox): void {
  if (state.timerIsSet) return;
  state.timerIsSet = true;
  out.setTimer(state.lookupMsMax, lookupsDue);
}
