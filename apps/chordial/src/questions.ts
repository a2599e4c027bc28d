// `chordial status`, `ring` and `lookup`: each asks a running host one question and shows the answer as text or JSON.
import { askHost } from './control-client.ts';
import type { Endpoint } from './endpoint.ts';
import type { Lookup } from './lookup.ts';
import { ConfigurationFault, optionList } from './options.ts';
import type { RingPicture } from './ring-picture.ts';
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

export async function runRing(flags: QuestionFlags): Promise<void> {
  const ring = await askHost<RingPicture>(controlOf(flags), '/api/ring');
  show(flags, ring, () => ringText(ring));
}

export async function runLookup(uri: string, flags: QuestionFlags): Promise<void> {
  const lookup = await askHost<Lookup>(controlOf(flags), `/api/lookup?uri=${encodeURIComponent(uri)}`);
  show(flags, lookup, () => lookupText(lookup));
}

function controlOf(flags: QuestionFlags): Endpoint {
  const { check, fallback } = optionList.control;
  const value = flags.control ?? process.env.CHORDIAL_CONTROL ?? fallback;
  const result = check.safeParse(value);
  if (result.success && result.data !== 'off') return result.data;
  throw new ConfigurationFault(`--control: read '${value}', expected ADDR:PORT of a running host, as in ${fallback}`);
}

function show(flags: QuestionFlags, answer: unknown, text: () => string): void {
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
  return [
    `Chordial ${status.version}, process ${status.pid}, up ${(status.uptimeMs / 1_000).toFixed(0)} s`,
    `${status.listen} for ${status.domains.join(', ')}; ${status.peersCount} peers, ${status.routing} routing`,
    `${users} users with ${bindings} bindings`,
    '',
    renderTable(['lane', 'phase', 'actors', 'read', 'sent', 'to lanes', 'from lanes', 'cpu s', 'MiB'], lanes),
  ].join('\n');
}

function ringText(ring: RingPicture): string {
  const rows = ring.members.map(({ key, host, lane, share }) => {
    const relative = share * ring.peersCount;
    return [
      key.slice(0, 12),
      String(host),
      String(lane),
      `${(share * 100).toFixed(2)} %`,
      '#'.repeat(Math.max(1, Math.round(relative * 8))),
    ];
  });
  return [
    `${ring.peersCount} peers; the busiest owns ${ring.loadMaxToMean.toFixed(2)} times the mean`,
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
