// The roster is a join-semilattice: any histories of records, pages and opinions, told in any order and any number of times, end in one
// picture. And the ring picture against a naive one that sorts everything anew.

import { makeAddress } from '@chordial/actor';
import type { Member } from '@chordial/chord/protocol';
import { parseRingKey } from '@chordial/ring-key';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { HostOpinion, HostRecord, RosterPage } from './protocol.ts';
import { changePicture, createPicture, following, memberOrder } from './ring-picture.ts';
import {
  createRoster,
  isNewer,
  membersOf,
  mergeOpinion,
  mergePage,
  mergeRecord,
  phaseOf,
  type Roster,
} from './roster.ts';

type News = { record: HostRecord } | { page: RosterPage } | { opinion: HostOpinion };

const key = (i: number) => parseRingKey((i * 7 + 1).toString(16).padStart(40, '0'))!;
const version = fc.record({ life: fc.integer({ min: 1, max: 3 }), version: fc.integer({ min: 1, max: 4 }) });
const host = fc.integer({ min: 1, max: 4 });
const print = fc.constantFrom('a', 'b', 'b', 'b');

/** What a host wrote at one (life, version) is one thing: a function of these. */
const recordNews = fc.tuple(host, version, print).map(([h, v, fingerprint]): News => {
  const lanesUp = [0, 1]
    .filter((lane) => (v.version + lane) % 3 !== 0)
    .map((lane) => [lane, v.life + (v.version > 2 ? lane : 0)] as const);
  const isLeaving = v.version === 4 && h === 2;
  return {
    record: { host: h, ...v, address: fingerprint, port: 1, fingerprint, lanesUp, lanesCount: 2, isLeaving, sip: '' },
  };
});
const pageNews = fc
  .tuple(host, version, fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 1 }))
  .map(([h, v, lane, page]): News => {
    const count = (v.version * 3 + v.life) % 4;
    const peers = Array.from(
      { length: count },
      (_, i) => [i + page * 9, key(h * 40 + lane * 20 + page * 9 + i), v.life] as const,
    );
    return { page: { host: h, lane, page, ...v, peers } };
  });
const opinionNews = fc
  .tuple(host, version, fc.constantFrom('alive', 'slow', 'dead', 'left'))
  .map(([h, v, phase]): News => ({ opinion: { host: h, ...v, phase } as HostOpinion }));
const history = fc.array(fc.oneof(recordNews, pageNews, opinionNews), { maxLength: 60 });

function tell(roster: Roster, news: News): boolean {
  if ('record' in news) return mergeRecord(roster, news.record, 0);
  if ('page' in news) return mergePage(roster, news.page);
  return mergeOpinion(roster, news.opinion);
}

function pictureOf(roster: Roster): unknown {
  return [...roster.entries.values()]
    .sort((a, b) => a.host - b.host)
    .map((entry) => {
      entry.phase = phaseOf(roster, entry);
      return { record: entry.record, phase: entry.phase, members: membersOf(entry).toSorted(memberOrder) };
    });
}

/** Told until nothing is news: as comparing does. */
function rosterOf(histories: readonly News[]): Roster {
  const roster = createRoster(9, 10_000, true);
  for (let round = 0; round < 4; round++) for (const news of histories) tell(roster, news);
  return roster;
}

it('merges to one picture in any order, however often it is told', () => {
  fc.assert(
    fc.property(
      history.chain((told) => fc.tuple(fc.constant(told), fc.shuffledSubarray(told, { minLength: told.length }))),
      ([told, shuffled]) => {
        // One host number belongs to one host, or to the smaller fingerprint with pages and opinions of that host only.
        const hasConflict =
          new Set(told.flatMap((news) => ('record' in news ? [`${news.record.host}${news.record.fingerprint}`] : [])))
            .size > new Set(told.flatMap((news) => ('record' in news ? [news.record.host] : []))).size;
        const [one, other] = [rosterOf(told), rosterOf(shuffled)];
        if (!hasConflict) expect(pictureOf(other)).toEqual(pictureOf(one));
        else
          expect([...other.entries.values()].map(({ record }) => record).toSorted(byHost)).toEqual(
            [...one.entries.values()].map(({ record }) => record).toSorted(byHost),
          );
        for (const news of told) expect(tell(one, news)).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});

const byHost = (a: HostRecord, b: HostRecord): number => a.host - b.host;

it('two rosters that exchange all they hold are the same afterwards', () => {
  fc.assert(
    fc.property(history, history, (left, right) => {
      const plain = (all: readonly News[]): News[] =>
        all.filter((news) => !('record' in news) || news.record.fingerprint === 'b');
      const [one, other] = [rosterOf(plain(left)), rosterOf(plain(right))];
      const held = (roster: Roster): News[] => [
        ...[...roster.entries.values()].map(({ record }) => ({ record })),
        ...[...roster.entries.values()].flatMap(({ pages }) => [...pages.values()].map(({ page }) => ({ page }))),
        ...[...roster.opinions.values()].map(({ opinion }) => ({ opinion })),
      ];
      const [fromOne, fromOther] = [held(one), held(other)];
      for (const news of fromOther) tell(one, news);
      for (const news of fromOne) tell(other, news);
      expect(pictureOf(one)).toEqual(pictureOf(other));
    }),
    { numRuns: 500 },
  );
});

it('a picture that is changed step by step is the one that is sorted anew', () => {
  const member = fc
    .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
    .map(([k, h, life]): Member => ({ key: key(k), host: h, lane: 0, chord: makeAddress(h, 0, 20 + k), life }));
  fc.assert(
    fc.property(fc.array(fc.array(member, { maxLength: 12 }), { maxLength: 12 }), (steps) => {
      const picture = createPicture();
      const held = new Map<string, Member>();
      for (const step of steps) {
        const lost = new Set<Member>();
        const gained = new Map<string, Member>();
        for (const one of step) {
          const name = `${one.key} ${one.host} ${one.life}`;
          const known = held.get(name);
          if (known !== undefined) lost.add(known);
          else if (!lost.has(one)) gained.set(name, one);
        }
        for (const one of lost) held.delete(`${one.key} ${one.host} ${one.life}`);
        for (const [name, one] of gained) held.set(name, one);
        const before = [...picture.members];
        const told = picture.members;
        changePicture(picture, lost, [...gained.values()]);
        expect(told).toEqual(before);
        const sorted = [...held.values()].sort(memberOrder);
        expect(picture.sorted).toEqual(sorted);
        const distinct = sorted.filter((one, i) => sorted[i - 1]?.key !== one.key);
        expect(picture.members).toEqual(distinct);
        for (let k = 0; k < 31; k++) {
          const others = distinct.filter((one) => one.key !== key(k));
          const next = others.find((one) => one.key > key(k)) ?? others[0];
          expect(following(picture, key(k))).toBe(next);
        }
      }
    }),
    { numRuns: 200 },
  );
});

it('an opinion about an earlier version than the record is forgotten', () => {
  fc.assert(
    fc.property(history, (told) => {
      const roster = rosterOf(told);
      for (const { host, record } of roster.entries.values()) {
        const said = roster.opinions.get(host)?.opinion;
        expect(said !== undefined && isNewer(record, said)).toBe(false);
      }
    }),
  );
});
