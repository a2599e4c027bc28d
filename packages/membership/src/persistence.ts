// What outlives the process: whom to ask for the ring, this host's own life, and where its peers were. A small JSON file, replaced as a whole
// at most once a second; plain ASCII, so that bytes are characters. Garbage in it is ignored, and a disk that fails is told of once.
import type { Outbox } from '@chordial/actor';
import type { DiskFailed, FileRead } from '@chordial/actor/protocol';
import { parseRingKey, type RingKey } from '@chordial/ring-key';
import { fileBytesMax, hostsMax, lifeMax, persistMs, placesEarlierMax, readMsMax } from './limits.ts';
import { ownRecord, raiseLife } from './own-roster.ts';
import { answerWaiters } from './placing.ts';
import { addContact } from './routes.ts';
import type { Contact, MembershipState } from './state.ts';

const file = 'membership';
const readCorrelation = 1;
const writeCorrelation = 2;

export function readPersisted(state: MembershipState, now: number, out: Outbox): void {
  const { disk } = state.config;
  if (disk === undefined) return;
  state.reading = now + readMsMax;
  out.send(disk, {
    type: 'read-file',
    replyTo: state.self,
    correlation: readCorrelation,
    file,
    offset: 0,
    bytesMax: fileBytesMax,
  });
}

export function onFileRead(
  state: MembershipState,
  { bytes, start, end, correlation }: FileRead,
  now: number,
  out: Outbox,
): void {
  if (correlation !== readCorrelation || state.reading === 0) return;
  state.reading = 0;
  if (end > start && (end - start > fileBytesMax || !restore(state, asciiText(bytes, start, end), now, out))) {
    warn(state, `the file '${file}' is not what was written: seeds are asked instead, and peers take new places`, out);
  }
  answerWaiters(state, now, out);
}

export function onDiskDone(state: MembershipState, correlation: number): void {
  if (correlation === writeCorrelation) state.writing = 0;
}

export function onDiskFailed(
  state: MembershipState,
  { correlation, sentence }: DiskFailed,
  now: number,
  out: Outbox,
): void {
  if (correlation === writeCorrelation) state.writing = 0;
  else state.reading = 0;
  if (!state.hasDiskFailed)
    warn(state, `the file '${file}' cannot be kept (${sentence}): after a restart only seeds are known`, out);
  state.hasDiskFailed = true;
  answerWaiters(state, now, out);
}

/** At a beat: writes when something changed, not more than once a second; a disk that never answers is not waited for. */
export function persist(state: MembershipState, now: number, out: Outbox): void {
  const { disk } = state.config;
  if (disk === undefined) return;
  if (state.reading !== 0) {
    if (now < state.reading) return;
    state.reading = 0;
    answerWaiters(state, now, out);
  }
  if (!state.isWriteDue || state.writing > now || now - state.writtenAt < persistMs) return;
  state.isWriteDue = false;
  state.writtenAt = now;
  state.writing = now + readMsMax;
  const text = JSON.stringify(persisted(state)).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
  out.send(disk, {
    type: 'replace-file',
    replyTo: state.self,
    correlation: writeCorrelation,
    file,
    bytes,
    start: 0,
    end: bytes.length,
  });
}

function persisted(state: MembershipState): unknown {
  const { roster, contacts } = state;
  const hosts: (Contact & { readonly phase?: string })[] = [];
  for (const { host, phase, record } of roster.entries.values()) {
    if (host !== roster.own && phase !== 'left') hosts.push({ ...contactOf(record), phase });
  }
  for (const contact of contacts.values()) hosts.push(contactOf(contact));
  hosts.sort((a, b) => a.host - b.host);
  const places: string[] = [];
  for (const { page } of roster.entries.get(roster.own)!.pages.values())
    for (const [, key] of page.peers) places.push(key);
  // Peers that have not joined again yet keep their claim.
  for (const key of state.placesEarlier) if (places.length < placesEarlierMax) places.push(key);
  return {
    version: 1,
    host: roster.own,
    fingerprint: state.config.fingerprint,
    life: ownRecord(state).life,
    hosts,
    places,
  };
}

const contactOf = ({ host, address, port, fingerprint }: Contact): Contact => ({ host, address, port, fingerprint });

/** False when the text is not what `persist` writes. Places and life are of use only to the same host. */
function restore(state: MembershipState, text: string, now: number, out: Outbox): boolean {
  let found: { host?: unknown; fingerprint?: unknown; life?: unknown; hosts?: unknown; places?: unknown };
  try {
    found = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof found !== 'object' || found === null || !Array.isArray(found.hosts) || !Array.isArray(found.places))
    return false;
  for (const contact of found.hosts.slice(0, hostsMax)) if (isContact(contact)) addContact(state, contact, now, out);
  if (found.fingerprint !== state.config.fingerprint) return true;
  const { life } = found;
  if (
    found.host === state.roster.own &&
    typeof life === 'number' &&
    Number.isInteger(life) &&
    life < lifeMax &&
    life >= ownRecord(state).life
  ) {
    raiseLife(state, life + 1, now);
  }
  for (const place of found.places.slice(0, placesEarlierMax)) {
    const key: RingKey | undefined = typeof place === 'string' ? parseRingKey(place) : undefined;
    if (key !== undefined) state.placesEarlier.push(key);
  }
  return true;
}

function isContact(value: unknown): value is Contact {
  if (typeof value !== 'object' || value === null) return false;
  const { host, address, port, fingerprint } = value as Partial<Contact>;
  const areNumbers =
    Number.isInteger(host) && host! >= 0 && host! < 65_536 && Number.isInteger(port) && port! > 0 && port! < 65_536;
  return (
    areNumbers &&
    typeof address === 'string' &&
    address.length < 256 &&
    typeof fingerprint === 'string' &&
    fingerprint.length < 256
  );
}

function asciiText(bytes: Uint8Array, start: number, end: number): string {
  const parts: string[] = [];
  for (let at = start; at < end; at += 4_096)
    parts.push(String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 4_096))));
  return parts.join('');
}

function warn(state: MembershipState, sentence: string, out: Outbox): void {
  out.send(state.config.owner, { type: 'host-news', host: state.config.host, phase: 'alive', sentence });
}
