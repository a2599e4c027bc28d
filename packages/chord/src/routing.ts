// Routing: a peer says who owns a key, or hands the question to the nearest peer before the key that it knows (Stoica et al. 2001,
// section 4: recursive, at most log2 N hops). The owner itself answers for what it owns; its predecessor answers for it, unless
// it has read that the range was not handed over yet. A way that is known to be cut is gone around.

import type { Outbox, Typed } from '@chordial/actor';
import type { MessageRefused } from '@chordial/actor/protocol';
import { betweenRightClosed, keyBits } from '@chordial/ring-key';
import type { ChordPeerState } from './peer-state.ts';
import { closestPreceding } from './pointers.ts';
import type { FindSuccessor, Member } from './protocol.ts';

/** Each hop at least halves the way to the key's predecessor, so an honest question never travels further. */
const hopsMax = keyBits;

export function onFindSuccessor(state: ChordPeerState, message: FindSuccessor, out: Outbox): void {
  const { self, phase } = state;
  const { key, replyTo, correlation, hops } = message;
  const successor = state.successors[0];
  // A joiner knows nobody yet; the asker's time-out ends the question.
  if (successor === undefined || phase === 'joining') return;
  const trace = message.trace === undefined ? undefined : [...message.trace, self.key];
  const owner = ownerOf(state, successor, key);
  if (owner !== undefined) {
    const found = { type: 'successor-found', correlation, key, owner, hops } as const;
    out.send(replyTo, trace === undefined ? found : { ...found, trace });
    return;
  }
  // A successor that waits for its range knows who still serves it; what is left of a peer knows only its successors.
  const isNext = phase === 'left' || betweenRightClosed(self.key, key, successor.key);
  const next = closestPreceding(self.key, state, key) ?? (isNext ? successor : undefined);
  if (next !== undefined) forward(message, next, trace, out);
}

/** The owner as far as this peer can tell, or undefined when somebody else must be asked. */
function ownerOf(state: ChordPeerState, successor: Member, key: FindSuccessor['key']): Member | undefined {
  const { self, predecessor } = state;
  if (state.phase === 'left') return undefined;
  if (state.owns && betweenRightClosed(state.ownedFrom, key, self.key)) return self;
  if (betweenRightClosed(self.key, key, successor.key)) return state.successorWaits ? undefined : successor;
  // Between its joining and the hand-over the old owner, which was read a moment ago, serves.
  if (!state.owns && predecessor !== self && betweenRightClosed(predecessor.key, key, self.key))
    return state.successorCovers ? successor : self;
  return undefined;
}

function forward(message: FindSuccessor, next: Member, trace: FindSuccessor['trace'], out: Outbox): void {
  const { key, replyTo, correlation } = message;
  // Only a liar's question travels this far, or is for no key at all; the asker's time-out ends it.
  if (!(message.hops < hopsMax)) return;
  const forwarded = { type: 'find-successor', key, replyTo, correlation, hops: message.hops + 1 } as const;
  out.send(next.chord, trace === undefined ? forwarded : { ...forwarded, trace });
}

/** The link is down or its queue full: the next nearest one is asked instead. Other words are lost as on any link. */
export function onMessageRefused(state: ChordPeerState, { to, message }: MessageRefused, out: Outbox): void {
  if (!isQuestion(message)) return;
  const { self, successors, fingers } = state;
  const refused = [...successors, ...fingers].find(({ chord }) => (chord as number) === to);
  // Each time nearer to this peer, so that a question that finds all ways cut comes to an end.
  const next = closestPreceding(self.key, state, refused?.key ?? message.key);
  if (next !== undefined) forward(message, next, message.trace, out);
}

const isQuestion = (message: Typed): message is FindSuccessor => message.type === 'find-successor';
