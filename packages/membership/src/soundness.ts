// Whether what another host sent is what it should be. The ring is closed, so this guards against mistakes of other versions and not
// against liars; what is not sound is counted and left out.
import { parseRingKey } from '@chordial/ring-key';
import { lanesMax, lifeMax, pagesPerLaneMax, peersPerPageMax } from './limits.ts';
import type { HostOpinion, HostRecord, RosterPage } from './protocol.ts';

const hostsPossible = 65_536;
const textMax = 256;

const isCount = (value: unknown, below: number): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < below;
const isLife = (value: unknown): boolean => isCount(value, lifeMax);
const isText = (value: unknown): boolean => typeof value === 'string' && value.length <= textMax;
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** Host, life and version, as records, pages and opinions have them. */
const isHeaded = ({ host, life, version }: HostOpinion | HostRecord | RosterPage): boolean =>
  isCount(host, hostsPossible) && isLife(life) && isLife(version);

export const isRecord = (record: HostRecord): boolean =>
  isObject(record) &&
  isHeaded(record) &&
  isText(record.address) &&
  isCount(record.port, 65_536) &&
  isText(record.fingerprint) &&
  isText(record.sip) &&
  isCount(record.lanesCount, lanesMax + 1) &&
  typeof record.isLeaving === 'boolean' &&
  Array.isArray(record.lanesUp) &&
  record.lanesUp.length <= lanesMax &&
  record.lanesUp.every((up) => Array.isArray(up) && isCount(up[0], lanesMax) && isLife(up[1]));

export const isPage = (page: RosterPage): boolean =>
  isObject(page) &&
  isHeaded(page) &&
  isCount(page.lane, lanesMax) &&
  isCount(page.page, pagesPerLaneMax) &&
  Array.isArray(page.peers) &&
  page.peers.length <= peersPerPageMax &&
  page.peers.every(
    (peer) =>
      Array.isArray(peer) &&
      isCount(peer[0], 2 ** 28) &&
      typeof peer[1] === 'string' &&
      parseRingKey(peer[1]) !== undefined &&
      isLife(peer[2]),
  );

const phases: readonly unknown[] = ['alive', 'slow', 'dead', 'left'];
export const isOpinion = (opinion: HostOpinion): boolean =>
  isObject(opinion) && isHeaded(opinion) && phases.includes(opinion.phase);
