// Whatever the ring says can leave its lane: each message that is seen in a healing ring has an opcode, and each of its fields a
// place in the order of the words table.
import { type Address, type Behaviour, nobody, type Typed } from '@chordial/actor';
import { ringKeyFromText } from '@chordial/ring-key';
import { expect, it } from 'vitest';
import { PeerAlone, service } from '../bench/peer-alone.ts';
import { loneHostRing, RingOnOneLane } from '../bench/ring-on-one-lane.ts';
import { chordMembership } from './behaviour.ts';
import { ringOfMembers } from './founding.ts';
import { chordWords, type RingChanged, type WatchRing } from './protocol.ts';

it('all messages and all of their fields stand in the words table, each under an opcode of its own', () => {
  const ring = ringOfMembers(loneHostRing(24).members, 4);
  const old = ringOfMembers(
    ring.members.filter((_, i) => i % 5 !== 1),
    4,
  );
  const said: Typed[] = new PeerAlone({ self: ring.members[0]!, founding: ring, service }).sent.map(
    ({ message }) => message,
  );
  const lane = new RingOnOneLane(ring, (i) => (i % 5 === 1 ? ring : old));
  lane.stepped = (_, message) => said.push(message);
  lane.advance(5_000);
  said.push(lane.find(3, ringKeyFromText('sip:alice@example.com'), true));

  const membership = lane.kernel.spawnRoot(chordMembership, { founding: ring }, 2);
  const listener: Behaviour<undefined, RingChanged, undefined> = {
    name: 'listener',
    init: () => undefined,
    step: (_, { message }) => said.push(message),
    mailbox: { messagesMax: 1, overflow: 'refuse' },
  };
  const watch: WatchRing = { type: 'watch-ring', replyTo: lane.kernel.spawnRoot(listener, undefined, 3) };
  lane.kernel.deliver(membership as Address<Typed>, nobody, watch);
  lane.run();
  said.push(watch);

  const words: Readonly<Record<string, readonly [number, ...string[]]>> = chordWords;
  for (const message of said) {
    const [opcode, ...fields] = words[message.type] ?? [];
    expect(opcode).toBeGreaterThan(0);
    expect(['type', ...fields]).toEqual(expect.arrayContaining(Object.keys(message)));
  }
  expect(new Set(said.map(({ type }) => type))).toEqual(new Set(Object.keys(words)));
  const opcodes = Object.values(words).map(([opcode]) => opcode);
  expect(new Set(opcodes).size).toBe(opcodes.length);
});
