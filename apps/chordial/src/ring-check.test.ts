// `chordial ring --check` on a right ring and on planted faults: each is found, named by its rule, and told with what to do.
import type { Member, PointersRead } from '@chordial/chord/protocol';
import { expect, test } from 'vitest';
import { ringOf } from './layout.ts';
import { askMembers, checkText, judge, type PointersAnswer } from './ring-check.ts';

const successorsCount = 3;
const { members } = ringOf({ peersCount: 8, lanesCount: 2 }, 1);

function rightRing(): PointersRead[] {
  return members.map((self, i) => ({
    type: 'pointers-read',
    correlation: 0,
    version: 1,
    self,
    predecessor: members.at(i - 1)!,
    successors: [1, 2, 3].map((step) => members[(i + step) % members.length]!),
    owns: true,
    ownedFrom: members.at(i - 1)!.key,
    epoch: 1,
  }));
}
const rulesOf = (answers: readonly PointersAnswer[]) =>
  judge(1, answers, successorsCount).faults.map(({ rule }) => rule);
const changed = (index: number, change: Partial<PointersRead>): PointersRead[] =>
  rightRing().map((answer, i) => (i === index ? { ...answer, ...change } : answer));

test('a right ring', () => {
  const check = judge(1, rightRing(), successorsCount);
  expect(check).toEqual({ host: 1, peersCount: 8, hostsCount: 1, faults: [] });
  expect(checkText(check)).toContain('The ring is right: 8 peers of 1 host');
});

test('a ring of one', () => {
  const [self] = ringOf({ peersCount: 1, lanesCount: 1 }, 0).members as [Member];
  const alone: PointersRead = { ...rightRing()[0]!, self, predecessor: self, successors: [self], ownedFrom: self.key };
  expect(judge(0, [alone], 0).faults).toEqual([]);
});

test('a peer that does not answer, and one that is joining', () => {
  const ring: PointersAnswer[] = rightRing();
  ring[2] = { type: 'silent', self: members[2]! };
  ring[5] = { type: 'pointers-pending', correlation: 0, self: members[5]! };
  const { faults } = judge(1, ring, successorsCount);
  expect(faults.map(({ sentence }) => sentence)).toContain(
    `peer ${members[2]!.key.slice(0, 12)} (host 1) did not answer`,
  );
  expect(faults.map(({ sentence }) => sentence)).toContain(
    `peer ${members[5]!.key.slice(0, 12)} (host 1) joins or leaves just now`,
  );
});

test('pointers that lead nowhere, or skip a member', () => {
  const ghost = { ...members[3]!, key: 'f'.repeat(40) as Member['key'] };
  expect(rulesOf(changed(2, { successors: [ghost] }))).toContain('pointers');
  expect(rulesOf(changed(2, { successors: [members[4]!, members[5]!, members[6]!] }))).toContain('ownership');
});

test('a key that nobody owns, and keys that two own', () => {
  expect(rulesOf(changed(2, { owns: false }))).toEqual(['ownership']);
  const twice = changed(2, { ownedFrom: members[0]!.key });
  expect(rulesOf(twice)).toEqual(['ownership', 'fencing']);
  // The later owner has the higher epoch: no two owners for a client, but not yet quiet.
  expect(rulesOf(twice.map((answer, i) => (i === 2 ? { ...answer, epoch: 2 } : answer)))).toEqual(['ownership']);
});

test('nobody at all, and the text tells what to do', () => {
  const text = checkText(judge(1, [], 0));
  expect(text).toContain('The ring is not right: 0 peers of 0 hosts asked, 1 rule is broken.');
  expect(text).toContain('answers: no member of the ring is known.\n    Ask again in some seconds');
});

test('all are asked, not too many at once, and one that fails harms no other', async () => {
  const many = ringOf({ peersCount: 300, lanesCount: 1 }, 1).members;
  let underWay = 0;
  let most = 0;
  const answers = await askMembers(many, async (self) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
    if (self === many[7]) throw new Error('late');
    return { type: 'pointers-pending', correlation: 0, self };
  });
  expect(answers.map(({ self }) => self)).toEqual(many);
  expect(answers.map(({ type }) => type).filter((type) => type === 'silent')).toEqual(['silent']);
  expect(most).toBe(64);
});
