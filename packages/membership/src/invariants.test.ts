// Each invariant notices a state that breaks it.
import { makeAddress } from '@chordial/actor';
import { expect, it } from 'vitest';
import { membershipInvariants } from './invariants.ts';
import type { MembershipState } from './state.ts';
import { ringOf } from './world.fixture.ts';

it.each<[string, (state: MembershipState) => void]>([
  ['told within the step', (state) => (state.isUrgent = true)],
  ['a timer runs', (state) => state.news.records.add(2)],
  ['peersCount', (state) => state.roster.peersCount++],
  ['pagesCount', (state) => state.roster.pagesCount--],
  ['its own record', (state) => state.roster.entries.delete(1)],
  ['under its own number', (state) => state.roster.entries.set(7, state.roster.entries.get(2)!)],
  ['no mere contact', (state) => state.contacts.set(2, { host: 2, address: '', port: 1, fingerprint: '', since: 0 })],
  ['members are sorted', (state) => (state.picture.sorted = state.picture.sorted.toReversed())],
  ['strictly ascending', (state) => (state.picture.members = [...state.picture.members, state.picture.members[0]!])],
  ['all hosts that count', (state) => state.counted.delete(2)],
  [
    'watchersMax',
    (state) => {
      for (let i = 0; i <= 1_024; i++) state.watchers.add(makeAddress(1, 0, 100 + i));
    },
  ],
])('notices: %s', (sentence, breakIt) => {
  const { state } = ringOf(2).lane(1);
  expect(membershipInvariants(state)).toBeUndefined();
  breakIt(state);
  if (sentence === 'its own record') {
    // Nothing else is to be wrong.
    state.roster.pagesCount--;
    state.roster.peersCount -= 4;
  }
  expect(membershipInvariants(state)).toContain(sentence);
});
