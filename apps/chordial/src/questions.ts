// `chordial status`, `ring`, `lookup` and `leave`: each asks a running host one thing and shows the answer as text or JSON.
import { writeFileSync } from 'node:fs';
import { askHost, ControlFault, tellHost } from './control-client.ts';
import type { LeaveLine } from './control-server.ts';
import type { Endpoint } from './endpoint.ts';
import type { Lookup } from './lookup.ts';
import { ConfigurationFault, optionList } from './options.ts';
import { storageLine } from './repair-text.ts';
import { checkText, type RingCheck } from './ring-check.ts';
import type { RingPicture } from './ring-picture.ts';
import { ringSvg } from './ring-svg.ts';
import type { HostStatus } from './status.ts';
import { renderTable } from './table.ts';

export interface QuestionFlags {
  readonly control?: string;
  readonly json?: boolean;
}

export async function runStatus(flags: QuestionFlags): Promise<void> {
  const status = await askHost<HostStatus>(controlOf(flags), '/api/status');
  show(flags, status, () => statusText(status));
}

export interface RingFlags extends QuestionFlags {
  readonly check?: boolean;
  readonly svg?: string;
}

/** With `check` the exit code is 1 where a rule is broken. */
export async function runRing(flags: RingFlags): Promise<void> {
  const control = controlOf(flags);
  if (flags.check === true) {
    const check = await askHost<RingCheck>(control, '/api/ring/check');
    show(flags, check, () => checkText(check));
    if (check.faults.length > 0) process.exitCode = 1;
    if (flags.svg === undefined) return;
  }
  const ring = await askHost<RingPicture>(control, '/api/ring');
  if (flags.svg !== undefined) writePicture(flags.svg, ringSvg(ring));
  if (flags.check !== true) show(flags, ring, () => ringText(ring));
}

function writePicture(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new ConfigurationFault(
      `--svg: read '${path}', expected a file that can be written (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

export async function runLeave(flags: QuestionFlags): Promise<void> {
  let isDone = false;
  for await (const line of tellHost<LeaveLine>(controlOf(flags), '/api/leave')) {
    if ('error' in line) throw new ControlFault(line.error);
    if (flags.json === true) console.log(JSON.stringify(line));
    else if ('left' in line && isMilestone(line)) console.log(`${line.left} of ${line.peersCount} peers have left`);
    isDone ||= 'done' in line;
  }
  if (!isDone) throw new ControlFault('the host ended before it had left the ring; the others take over what it had');
  if (flags.json !== true) console.log('The host has left the ring and stops.');
}

/** About ten lines for any number of peers. */
const isMilestone = ({ left, peersCount }: Extract<LeaveLine, { left: number }>): boolean =>
  left === peersCount || left % Math.ceil(peersCount / 10) === 0;

export async function runLookup(uri: string, flags: QuestionFlags): Promise<void> {
  const lookup = await askHost<Lookup>(controlOf(flags), `/api/lookup?uri=${encodeURIComponent(uri)}`);
  show(flags, lookup, () => lookupText(lookup));
}

export function controlOf(flags: QuestionFlags): Endpoint {
  const { check, fallback } = optionList.control;
  const value = flags.control ?? process.env.CHORDIAL_CONTROL ?? fallback;
  const result = check.safeParse(value);
  if (result.success && result.data !== 'off') return result.data;
  throw new ConfigurationFault(`--control: read '${value}', expected ADDR:PORT of a running host, as in ${fallback}`);
}

export function show(flags: QuestionFlags, answer: unknown, text: () => string): void {
  console.log(flags.json === true ? JSON.stringify(answer, undefined, 2) : text());
}

function statusText(status: HostStatus): string {
  const { users = 0, bindings = 0 } = {
    users: status.totals.location?.usersCount,
    bindings: status.totals.location?.bindingsCount,
  };
  const lanes = status.lanes.map(({ lane, phase, udp, links, actors, cpuMs, heapBytes }) => [
    String(lane),
    phase,
    String(actors.actors),
    String(udp.received),
    String(udp.sent),
    String(links.sent),
    String(links.received),
    (cpuMs / 1_000).toFixed(2),
    (heapBytes / 2 ** 20).toFixed(0),
  ]);
  const { ring } = status;
  return [
    `Chordial ${status.version}, process ${status.pid}, up ${(status.uptimeMs / 1_000).toFixed(0)} s`,
    `${status.listen} for ${status.domains.join(', ')}; ${status.peersCount} peers, ${status.routing} routing`,
    ...(ring.address === 'off' ? [] : [ringLine(ring)]),
    `${users} users with ${bindings} bindings`,
    storageLine(status.storage),
    '',
    renderTable(['lane', 'phase', 'actors', 'read', 'sent', 'to lanes', 'from lanes', 'cpu s', 'MiB'], lanes),
  ].join('\n');
}

function ringLine({ name, host, address, hosts, peersInRing, membersCount, isLeaving }: HostStatus['ring']): string {
  const { slow, dead } = hosts;
  const troubled = [slow > 0 ? `${slow} slow` : '', dead > 0 ? `${dead} dead` : ''].filter((text) => text !== '');
  const others = troubled.length > 0 ? ` (${troubled.join(', ')})` : '';
  const own = `${peersInRing} of ${membersCount} members are here`;
  return `ring ${name}: host ${host} at ${address}${isLeaving ? ', leaving' : ''}; ${hosts.alive} ${hosts.alive === 1 ? 'host' : 'hosts'} alive${others}; ${own}`;
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

export function ringText(ring: RingPicture): string {
  const { peersCount } = ring;
  const hosts = ring.hosts.map(({ host, isSelf, phase, ring: address, sip, rttMs, via, peersCount: peers, share }) => [
    isSelf ? `${host} *` : String(host),
    phase,
    address === '' ? '-' : address,
    sip,
    isSelf || rttMs === 0 ? '-' : rttMs.toFixed(1),
    via === 0 ? '-' : String(via),
    String(peers),
    percent(share),
  ]);
  const rows = ring.members.map(({ key, host, lane, share }) => [
    key.slice(0, 12),
    String(host),
    String(lane),
    percent(share),
    '#'.repeat(Math.max(1, Math.round(share * peersCount * 8))),
  ]);
  return [
    `${peersCount} peers; the busiest owns ${ring.loadMaxToMean.toFixed(2)} times the mean`,
    '',
    renderTable(['host', 'phase', 'ring address', 'phones', 'rtt ms', 'via', 'peers', 'owns'], hosts),
    '',
    renderTable(['key', 'host', 'lane', 'owns', 'bar: 8 = the mean'], rows),
  ].join('\n');
}

function lookupText(lookup: Lookup): string {
  const lines = [
    `${lookup.aor}`,
    `  key     ${lookup.key}`,
    `  owner   ${lookup.owner.key} (host ${lookup.owner.host}, lane ${lookup.owner.lane})`,
    `  route   ${lookup.routing}, ${lookup.hops} ${lookup.hops === 1 ? 'hop' : 'hops'}: ${lookup.route.map((key) => key.slice(0, 12)).join(' -> ')}`,
  ];
  if (lookup.bindings.length === 0) lines.push('  not registered');
  for (const { contact, q, expiresInSeconds, userAgent } of lookup.bindings) {
    lines.push(
      `  contact ${contact}  q=${q} expires in ${expiresInSeconds} s${userAgent === '' ? '' : `  (${userAgent})`}`,
    );
  }
  return lines.join('\n');
}
