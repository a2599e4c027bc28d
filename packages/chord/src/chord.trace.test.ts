// Golden conversations of a ring of 8 peers with 2 successors each: a quiet period, a look-up, a join with its hand-over, a death in silence, and
// a planned leave. Peers are called by the first digits of their keys; ticks and look-ups are left out.
import type { Typed } from '@chordial/actor';
import { parseRingKey } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import type { ChordMessage, Member } from './protocol.ts';

const at = (digits: string) => parseRingKey(digits.padEnd(40, '0'))!;
const ring = ringOfKeys([...'02468ace'].map(at), 2, (i) => i % 4);
const nameOf = ({ key }: Member): string => key.replace(/(?<=.)0+$/, '').slice(0, 2);

function sentence(peer: Member, message: ChordMessage): string {
  const say = (...words: readonly unknown[]): string => [nameOf(peer).padEnd(2), message.type, ...words].join(' ');
  const range = (owns: boolean, from: string, to: string): string =>
    owns ? `owns (${nameOf({ key: from } as Member)}, ${to}]` : 'owns nothing';
  switch (message.type) {
    case 'find-successor':
      return say(nameOf({ key: message.key } as Member), 'hops', message.hops);
    case 'successor-found':
      return say(nameOf(message.owner), 'hops', message.hops);
    case 'read-pointers':
      return say(message.versionKnown === 0 ? 'all' : 'if changed');
    case 'pointers-read': {
      const { self, predecessor, successors, owns, ownedFrom } = message;
      const row = `pred ${nameOf(predecessor)}, succ ${successors.map(nameOf).join(' ')}`;
      return say(`of ${nameOf(self)}: ${row}, ${range(owns, ownedFrom, nameOf(self))}`);
    }
    case 'rectify':
      return say(`by ${nameOf(message.notifier)}, owner: ${message.owns}`);
    case 'range-handed':
      return say(`by ${nameOf(message.giver)}: ${range(true, message.from, nameOf(peer))}`);
    case 'successor-hinted':
      return say(nameOf(message.candidate));
    case 'member-leaving': {
      const { leaver, owns, ownedFrom } = message;
      return say(`${nameOf(leaver)}, ${range(owns, ownedFrom, nameOf(leaver))}`);
    }
    default:
      return say();
  }
}

/** What is said to the peers named, once all have read their successors. */
function conversation(names: string, deed: (lane: RingOnOneLane) => void, ms: number): string[] {
  const lane = new RingOnOneLane(ring);
  lane.advance(2_500);
  const trace: string[] = [];
  lane.stepped = (peer, message: Typed) => {
    const isPart = names.split(' ').includes(nameOf(peer));
    const isOther = /-due$|^(?:find-successor|successor-found|pointers-unchanged)$/.test(message.type);
    if (isPart && !isOther) trace.push(sentence(peer, message as ChordMessage));
  };
  deed(lane);
  lane.advance(ms);
  return trace;
}

it('a quiet period costs a pair of neighbours two short messages', () => {
  const lane = new RingOnOneLane(ring);
  lane.advance(2_500);
  const trace: string[] = [];
  lane.stepped = (peer, message) => {
    if (!/-due$/.test(message.type)) trace.push(sentence(peer, message as ChordMessage));
  };
  lane.advance(1_000);
  expect(trace.filter((line) => /^[68] .*pointers/.test(line))).toMatchInlineSnapshot(`
    [
      "8  read-pointers if changed",
      "6  pointers-unchanged",
      "8  pointers-unchanged",
      "6  read-pointers if changed",
    ]
  `);
});

it('a look-up travels by fingers, halving the way, and the predecessor of the owner answers', () => {
  const lane = new RingOnOneLane(ring);
  const trace: string[] = [];
  lane.stepped = (peer, message) => trace.push(sentence(peer, message as ChordMessage));
  const found = lane.find(0, at('d'), true);
  trace.push(`asker successor-found ${nameOf(found.owner)} hops ${found.hops}`);
  expect(trace).toMatchInlineSnapshot(`
    [
      "0  find-successor d hops 0",
      "8  find-successor d hops 1",
      "c  find-successor d hops 2",
      "asker successor-found e hops 2",
    ]
  `);
  expect(found.trace?.map((key) => key[0]).join(' ')).toBe('0 8 c');
});

it('a joiner probes for a place, walks to it, and is handed its range by its successor', () => {
  const join = (lane: RingOnOneLane): void => {
    lane.join({ contact: ring.members[0]!, successorsCount: 2, host: 5, startedAt: 1 });
  };
  const lane = new RingOnOneLane(ring);
  lane.advance(2_500);
  join(lane);
  lane.advance(1_000);
  const joiner = nameOf(lane.states().at(-1)!.self);
  const place = Number.parseInt(joiner[0]!, 16);
  const [before, after] = [place - 1, (place + 1) % 16].map((digit) => digit.toString(16));
  expect(conversation(`${before} ${joiner} ${after}`, join, 1_500)).toMatchInlineSnapshot(`
    [
      "0  read-pointers if changed",
      "0  read-pointers all",
      "0  pointers-read of 0: pred e, succ 2 4 6, owns (e, 0]",
      "0  pointers-read of 4: pred 2, succ 6 8 a, owns (2, 4]",
      "0  pointers-read of 2: pred 0, succ 4 6 8, owns (0, 2]",
      "e  read-pointers all",
      "f0 pointers-read of e: pred c, succ 0 2 4, owns (c, e]",
      "0  read-pointers all",
      "f0 pointers-read of 0: pred e, succ 2 4 6, owns (e, 0]",
      "e  read-pointers all",
      "f0 pointers-read of e: pred c, succ 0 2 4, owns (c, e]",
      "0  read-pointers all",
      "f0 pointers-read of 0: pred e, succ 2 4 6, owns (e, 0]",
      "0  rectify by f0, owner: false",
      "f0 range-handed by 0: owns (e, f0]",
      "e  successor-hinted f0",
      "0  rectify by f0, owner: true",
      "f0 read-pointers all",
      "e  pointers-read of f0: pred e, succ 0 2 4, owns (e, f0]",
      "e  read-pointers if changed",
      "0  read-pointers all",
      "f0 pointers-read of 0: pred f0, succ 2 4 6, owns (f0, 0]",
      "f0 read-pointers if changed",
      "e  read-pointers if changed",
    ]
  `);
});

it('a peer that dies in silence is found dead by its predecessor, and its successor takes the range over', () => {
  const deed = (lane: RingOnOneLane): void => lane.kill(ring.members[4]!.chord);
  expect(conversation('6 a', deed, 4_500)).toMatchInlineSnapshot(`
    [
      "6  read-pointers if changed",
      "a  read-pointers all",
      "6  pointers-read of a: pred 8, succ c e 0, owns (8, a]",
      "a  rectify by 6, owner: true",
      "6  read-pointers if changed",
      "a  read-pointers all",
      "6  pointers-read of a: pred 8, succ c e 0, owns (8, a]",
      "a  rectify by 6, owner: true",
      "6  read-pointers if changed",
      "a  read-pointers all",
      "6  pointers-read of a: pred 6, succ c e 0, owns (6, a]",
      "6  read-pointers if changed",
    ]
  `);
});

it('a peer that leaves hands over first; then its successor and its predecessor forget it', () => {
  const deed = (lane: RingOnOneLane): void => lane.leave(ring.members[4]!.chord);
  expect(conversation('6 8 a', deed, 900)).toMatchInlineSnapshot(`
    [
      "8  leave-ring",
      "a  read-pointers all",
      "8  pointers-read of a: pred 8, succ c e 0, owns (8, a]",
      "a  member-leaving 8, owns (6, 8]",
      "8  leaving-noted",
      "6  member-leaving 8, owns nothing",
      "8  leaving-noted",
      "a  read-pointers all",
      "6  pointers-read of a: pred a, succ c e 0, owns (6, a]",
      "a  rectify by 6, owner: true",
      "a  read-pointers all",
      "6  pointers-read of a: pred 6, succ c e 0, owns (6, a]",
    ]
  `);
});
