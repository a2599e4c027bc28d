// Stabilization: once in a period a peer reads its successor's pointers, adopts its list, and notifies it (DESIGN section 5,
// rules 3 and 4; Zave, TSE 2017). Reading is one query, so that the list and the predecessor are of one moment. In a quiet ring a
// period costs two short messages: pointers that did not change are not sent again, and a successor that already
// has us as its predecessor is not notified, which would change nothing.
import type { Outbox } from '@chordial/actor';
import { between } from '@chordial/ring-key';
import type { ChordPeerState } from './peer-state.ts';
import { sameMember, sameMembers, successorsAfter } from './pointers.ts';
import type { Member, PointersRead, PointersUnchanged, ReadPointers, Rectify } from './protocol.ts';

/** Versions count within 32 bits, which travel in few bytes; 0 means none. */
const versionsMax = 2 ** 31;

/** Rule 3: read succ[0]'s (pred, list) in one query. A question still open is given up: its answer would be old. */
export function onStabiliseDue(state: ChordPeerState, out: Outbox): void {
  const successor = state.successors[0]!;
  if (!sameMember(successor, state.config.self)) askPointers(state, successor, state.versionKnown, out);
}

function askPointers(state: ChordPeerState, asked: Member, versionKnown: number, out: Outbox): void {
  state.asked = asked;
  state.correlation = (state.correlation + 1) % versionsMax;
  const { correlation } = state;
  out.send(asked.chord, { type: 'read-pointers', replyTo: state.config.self.chord, correlation, versionKnown });
}

export function onReadPointers(state: ChordPeerState, message: ReadPointers, out: Outbox): void {
  const { version, predecessor, successors } = state;
  const { correlation, replyTo } = message;
  if (message.versionKnown === version) {
    out.send(replyTo, { type: 'pointers-unchanged', correlation });
    return;
  }
  const { self } = state.config;
  out.send(replyTo, { type: 'pointers-read', correlation, version, self, predecessor, successors });
}

/** The successor lives, its list is the one that we have, and we are its predecessor: the period is over. */
export function onPointersUnchanged(state: ChordPeerState, { correlation }: PointersUnchanged): void {
  if (correlation === state.correlation) state.asked = undefined;
}

/**
 * Rule 3, live: adopt [succ[0]] + its list; if its pred lies between, read that peer's list next (step two) and adopt it if
 * live. Only a member that answers in this period is adopted as the first one (rule 5): this is its answer.
 */
export function onPointersRead(state: ChordPeerState, message: PointersRead, out: Outbox): void {
  const { self, founding } = state.config;
  const { asked } = state;
  if (message.correlation !== state.correlation || asked === undefined || !sameMember(message.self, asked)) return;
  state.asked = undefined;
  adopt(state, successorsAfter(self, asked, message.successors, founding.successorsCount));
  const { predecessor } = message;
  state.versionKnown = sameMember(predecessor, self) ? message.version : 0;
  if (between(self.key, predecessor.key, asked.key)) askPointers(state, predecessor, 0, out);
  else if (state.versionKnown === 0) out.send(asked.chord, { type: 'rectify', notifier: self });
}

/** Rule 4: if between(pred, notifier, self), take it. True when it was taken. */
export function onRectify(state: ChordPeerState, { notifier }: Rectify): boolean {
  if (!between(state.predecessor.key, notifier.key, state.config.self.key)) return false;
  state.predecessor = known(state, notifier);
  changeVersion(state);
  return true;
}

function adopt(state: ChordPeerState, successors: readonly Member[]): void {
  if (sameMembers(successors, state.successors)) return;
  state.successors = successors.map((member) => known(state, member));
  const { self } = state.config;
  const last = successors.at(-1)!.key;
  state.fingers = state.fingers.filter(({ key }) => between(last, key, self.key));
  changeVersion(state);
}

/** The shared reference to a member, where there is one: what crossed a thread is a copy. */
function known({ config, successors }: ChordPeerState, member: Member): Member {
  const { members, table } = config.founding;
  const founder = members[table.indexOf(member.key)];
  if (founder !== undefined && sameMember(founder, member)) return founder;
  return successors.find((successor) => sameMember(successor, member)) ?? member;
}

function changeVersion(state: ChordPeerState): void {
  state.version = (state.version % (versionsMax - 1)) + 1;
}
