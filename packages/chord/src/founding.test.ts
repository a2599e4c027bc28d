// Founding rings: refusals in words, keys that every lane computes alike, fair arcs, neighbours on different hosts and lanes.
import { makeAddress } from '@chordial/actor';
import { betweenRightClosed, parseRingKey, ringKeyFromText } from '@chordial/ring-key';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foundingFault, foundingRing, loadOf, ringOfMembers } from './founding.ts';
import type { Member } from './protocol.ts';

const hosts = (...lanes: number[]) => lanes.map((lanesCount, host) => ({ host, lanesCount }));
const found = (peersCount: number, layout = hosts(2), ringName = 'orchard') =>
  foundingRing({
    hosts: layout,
    peersCount,
    ringName,
    chordAddress: (lane, i, host) => makeAddress(host, lane, 32 + i),
  });

describe('a layout', () => {
  it.each([
    [{ hosts: hosts(), peersCount: 1 }, 'a ring needs a host'],
    [{ hosts: hosts(0), peersCount: 1 }, 'host 0 has 0 lanes'],
    [{ hosts: hosts(257), peersCount: 1 }, '1 to 256 are possible'],
    [{ hosts: [...hosts(1), ...hosts(1)], peersCount: 40 }, 'a number of its own'],
    [{ hosts: hosts(1), peersCount: 0 }, '0 peers were asked for'],
    [{ hosts: hosts(1), peersCount: 1.5 }, '1.5 peers were asked for'],
    [{ hosts: hosts(1), peersCount: 1_000_001 }, '1 to 1000000 are possible'],
    [{ hosts: hosts(1, 1), peersCount: 1 }, '2 hosts need at least as many peers'],
    [{ hosts: hosts(1, 1), peersCount: 16 }, 'founded by at least 17 peers, not 16'],
    [{ hosts: hosts(1, 1), peersCount: 16, successorsCount: 1 }, 'at least 2 successors, not 1'],
    [{ hosts: hosts(1), peersCount: 16, successorsCount: 16 }, 'founded by at least 17 peers, not 16'],
    [{ hosts: hosts(1), peersCount: 2, successorsCount: 0 }, 'alone'],
  ])('that cannot be is refused in words: %j', (layout, part) => {
    expect(foundingFault(layout)).toContain(part);
  });

  it('refused is not founded', () => {
    expect(() => found(0)).toThrow('0 peers were asked for');
    expect(() => ringOfMembers(found(3).members, 3)).toThrow('r + 1');
    expect(() => ringOfMembers(found(3).members, 0)).toThrow('alone');
  });

  it('of several hosts may declare fewer successors', () => {
    expect(foundingFault({ hosts: hosts(1, 1), peersCount: 3, successorsCount: 2 })).toBeUndefined();
  });

  it('of one host needs no declaration: everyone knows everyone, up to 16', () => {
    expect([1, 2, 16, 17, 64].map((count) => found(count).successorsCount)).toEqual([0, 1, 15, 16, 16]);
  });
});

describe('a founding ring', () => {
  it('is the same wherever it is computed, and another one under another name', () => {
    expect(found(37).members).toEqual(found(37).members);
    expect(found(37, hosts(2), 'other').members[0]!.key).not.toBe(found(37).members[0]!.key);
  });

  it('gives nobody more than twice the mean', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.string({ maxLength: 8 }), (count, name) => {
        const ring = found(count, hosts(2), name);
        expect(new Set(ring.table.keys).size).toBe(count);
        expect(loadOf(ring)).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('of a power of two is even', () => expect(loadOf(found(64))).toBe(1));

  it('measures load as the share of keys', () => {
    const members = ['1', '2', '4'].map((digit, i): Member => {
      return { key: parseRingKey(digit.padEnd(40, '0'))!, host: 0, lane: 0, chord: makeAddress(0, 0, 32 + i), life: 0 };
    });
    // The first owns (4, 1], 13 of 16 parts, of a mean of 16 / 3.
    expect(loadOf(ringOfMembers(members, 2))).toBeCloseTo((13 / 16) * 3, 12);
  });

  it('deals its peers to hosts, then lanes, in clockwise turns, and numbers them as a lane starts them', () => {
    const ring = found(50, hosts(2, 1, 3));
    ring.members.forEach((member, i) => {
      expect(member.host).toBe(i % 3);
      expect(member.lane).toBe(Math.floor(i / 3) % [2, 1, 3][member.host]!);
    });
    for (const [host, { lanesCount }] of hosts(2, 1, 3).entries()) {
      for (let lane = 0; lane < lanesCount; lane++) {
        const here = ring.members.filter((member) => member.host === host && member.lane === lane);
        expect(here.map(({ chord }) => chord)).toEqual(here.map((_, i) => makeAddress(host, lane, 32 + i)));
      }
    }
  });

  it('owns every key once', () => {
    const { members, table } = found(29);
    for (let i = 0; i < 200; i++) {
      const key = ringKeyFromText(`user ${i}`);
      const owners = members.filter((member, at) => betweenRightClosed(members.at(at - 1)!.key, key, member.key));
      expect(owners).toEqual([members[table.ownerIndex(key)]]);
    }
  });
});
