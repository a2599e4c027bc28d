// Whatever the ring says can leave its lane: each message that is seen in a ring that grows, fails, shrinks and stands still has an
// opcode, and each of its fields a place in the order of the words table.
import { type Address, type Behaviour, makeAddress, type Typed } from '@chordial/actor';
import { ringKeyFromText } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { RingOnOneLane, ringOfKeys } from '../bench/ring-on-one-lane.ts';
import {
  type ChordMessage,
  chordWords,
  type HandRange,
  type PeerChanged,
  type PlacePeer,
  planPlacement,
  type RangeChanged,
} from './protocol.ts';

/** What nobody in this package says. */
const saidByMembership = ['watch-ring', 'ring-changed', 'members-lost'];

it('all messages and all of their fields stand in the words table, each under an opcode of its own', () => {
  const ring = ringOfKeys(Array.from({ length: 40 }, (_, i) => ringKeyFromText(`${i}`)).sort(), 4, (i) => i % 4);
  const said: Typed[] = [];
  // One actor at a time plays membership, listener and service: it writes down, and answers.
  const wellKnown: Address<PlacePeer | PeerChanged | RangeChanged | HandRange> = makeAddress(0, 0, 2);
  const around: Behaviour<undefined, PlacePeer | PeerChanged | RangeChanged | HandRange, undefined> = {
    name: 'around',
    init: () => undefined,
    step: (_, { message }, out) => {
      said.push(message);
      if (message.type === 'place-peer') {
        const [key] = planPlacement(
          lane.states().map(({ self }) => self.key),
          1,
        ).keys;
        out.send(message.chord, { type: 'peer-placed', key: key!, contact: ring.members[0]! });
      } else if (message.type === 'hand-range') {
        out.send(message.replyTo, { type: 'range-released', correlation: message.correlation });
      }
    },
    mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  };
  const shared = { membership: wellKnown, listeners: [wellKnown], service: wellKnown };
  const lane = new RingOnOneLane(ring, () => ring, shared);
  lane.kernel.spawnRoot(around, undefined, 2);
  lane.stepped = (_, message) => said.push(message);
  said.push(lane.find(3, ringKeyFromText('sip:alice@example.com'), true));

  const joiner = lane.join({ ...shared, successorsCount: 4, host: 7, startedAt: 9 });
  lane.tell(joiner, { type: 'read-pointers', replyTo: ring.members[1]!.chord, correlation: 0, versionKnown: 0 });
  lane.advance(5_000);
  lane.kill(ring.members[9]!.chord);
  lane.tell(ring.members[20]!.chord, { type: 'ownership-doubted' });
  lane.leave(ring.members[20]!.chord);
  lane.leave(joiner);
  lane.advance(20_000);
  expect(lane.left.map(({ type }) => type).sort()).toEqual(['leave-refused', 'ring-left']);
  said.push(...lane.left);

  const words: Readonly<Record<string, readonly [number, ...string[]]>> = chordWords;
  for (const message of said) {
    const [opcode, ...fields] = words[message.type] ?? [];
    expect(opcode).toBeGreaterThan(0);
    expect(['type', ...fields]).toEqual(expect.arrayContaining(Object.keys(message)));
  }
  expect(new Set([...said.map(({ type }) => type), ...saidByMembership])).toEqual(new Set(Object.keys(words)));
  const opcodes = Object.values(words).map(([opcode]) => opcode);
  expect(new Set(opcodes).size).toBe(opcodes.length);
});

it('messages that only a membership sends have the words that it needs', () => {
  const lost: ChordMessage = { type: 'members-lost', hosts: [1], members: [] };
  expect(chordWords[lost.type].slice(1)).toEqual(Object.keys(lost).slice(1));
  expect(chordWords['watch-ring']).toContain('replyTo');
  expect(chordWords['ring-changed'].slice(1)).toEqual(['epoch', 'members', 'hosts']);
});
