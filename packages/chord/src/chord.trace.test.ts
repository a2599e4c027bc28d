// The golden conversation of a ring of 32 peers with 4 successors each: a look-up with its route, the first period of one peer,
// and a quiet second period. Peers are called by their place on the ring, p0 to p31.
import { ringKeyFromText } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { loneHostRing, RingOnOneLane } from '../bench/ring-on-one-lane.ts';
import { ringOfMembers } from './founding.ts';
import type { ChordMessage, Member } from './protocol.ts';

const ring = ringOfMembers(loneHostRing(32).members, 4);
const nameOf = (member: Member): string => `p${ring.members.findIndex(({ key }) => key === member.key)}`;

function sentence(peer: Member, message: ChordMessage): string {
  const to = nameOf(peer).padEnd(4);
  switch (message.type) {
    case 'find-successor':
      return `${to} find-successor ${message.key.slice(0, 4)} hops ${message.hops}`;
    case 'read-pointers':
      return `${to} read-pointers ${message.versionKnown === 0 ? 'all' : 'if changed'}`;
    case 'pointers-read':
      return `${to} pointers-read of ${nameOf(message.self)}: pred ${nameOf(message.predecessor)}, succ ${message.successors.map(nameOf).join(' ')}`;
    case 'pointers-unchanged':
      return `${to} pointers-unchanged`;
    case 'rectify':
      return `${to} rectify by ${nameOf(message.notifier)}`;
    case 'stabilise-due':
      return `${to} stabilise-due`;
  }
}

it('a look-up travels by fingers, halving the way, and the predecessor of the owner answers', () => {
  const lane = new RingOnOneLane(ring);
  const trace: string[] = [];
  lane.stepped = (peer, message) => trace.push(sentence(peer, message as ChordMessage));
  const found = lane.find(0, ringKeyFromText('sip:erin@example.com'), true);
  trace.push(`asker successor-found ${nameOf(found.owner)} hops ${found.hops}`);
  expect(trace).toMatchInlineSnapshot(`
    [
      "p0   find-successor 9beb hops 0",
      "p16  find-successor 9beb hops 1",
      "p19  find-successor 9beb hops 2",
      "asker successor-found p20 hops 2",
    ]
  `);
  expect(found.trace?.map((key) => nameOf(ring.members[ring.table.indexOf(key)]!))).toMatchInlineSnapshot(`
    [
      "p0",
      "p16",
      "p19",
    ]
  `);
});

it('a period reads the successor once; a quiet one costs two short messages', () => {
  const lane = new RingOnOneLane(ring);
  const trace: string[] = [];
  lane.stepped = (peer, message) => {
    if (['p6', 'p7'].includes(nameOf(peer))) trace.push(sentence(peer, message as ChordMessage));
  };
  lane.advance(2_000);
  expect(trace).toMatchInlineSnapshot(`
    [
      "p7   stabilise-due",
      "p7   pointers-read of p8: pred p7, succ p9 p10 p11 p12",
      "p6   read-pointers all",
      "p6   stabilise-due",
      "p7   read-pointers all",
      "p6   pointers-read of p7: pred p6, succ p8 p9 p10 p11",
      "p7   stabilise-due",
      "p7   pointers-unchanged",
      "p6   read-pointers if changed",
      "p6   stabilise-due",
      "p7   read-pointers if changed",
      "p6   pointers-unchanged",
    ]
  `);
});
