// Prometheus text for `/metrics`, written by prom-client from one status: a fresh registry per scrape, as all counting is done
// in the lanes. What is shown is chosen in `metric-table.ts`.
import { Counter, Gauge, Registry } from 'prom-client';
import { type ActorMetric, actorMetrics, laneMetrics, storageMetrics } from './metric-table.ts';
import type { HostStatus } from './status.ts';

interface Reading {
  readonly labels: Record<string, string>;
  readonly value: number;
}
type Fields = Readonly<Record<string, number>>;

export type MetricsSource = Pick<HostStatus, 'uptimeMs' | 'peersCount' | 'ring' | 'storage' | 'lanes' | 'totals'>;

export async function renderMetrics(
  status: MetricsSource,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  const registers = [registry];
  const show = (kind: 'counter' | 'gauge', name: string, help: string, readings: readonly Reading[]): void => {
    const labelNames = [...new Set(readings.flatMap(({ labels }) => Object.keys(labels)))];
    if (kind === 'counter') {
      const counter = new Counter({ name, help, labelNames, registers });
      for (const { labels, value } of readings) counter.inc(labels, Math.max(0, value));
    } else {
      const gauge = new Gauge({ name, help, labelNames, registers });
      for (const { labels, value } of readings) gauge.set(labels, value);
    }
  };
  const { uptimeMs, peersCount, ring, storage, lanes, totals } = status;
  show('gauge', 'chordial_uptime_seconds', 'Seconds since the host started', [{ labels: {}, value: uptimeMs / 1_000 }]);
  show('gauge', 'chordial_peers', 'Peers of the ring on this host', [{ labels: {}, value: peersCount }]);
  const phases = Object.entries(ring.hosts).map(([phase, value]) => ({ labels: { phase }, value }));
  show('gauge', 'chordial_hosts', 'Hosts known, by what is thought of them', phases);
  show('gauge', 'chordial_ring_members', 'Members of the whole ring', [{ labels: {}, value: ring.membersCount }]);
  for (const { kind, name, help, read } of storageMetrics) {
    const value = read(storage);
    show(kind, name, help, value === undefined ? [] : [{ labels: {}, value }]);
  }
  for (const { kind, name, help, read } of laneMetrics) {
    const readings = lanes.map((lane) => ({ labels: { lane: String(lane.lane) }, value: read(lane) }));
    show(kind, name, help, readings);
  }
  for (const metric of actorMetrics) {
    const { kind, name, help, actor } = metric;
    const readings =
      kind === 'gauge'
        ? readingsOf(metric, totals[actor], {})
        : lanes.flatMap((lane) => readingsOf(metric, lane.totals[actor], { lane: String(lane.lane) }));
    show(kind, name, help, readings);
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** Of one metric in the figures of its actor; records have dotted names there, `methods.REGISTER`. */
function readingsOf({ field, label }: ActorMetric, fields: Fields = {}, labels: Reading['labels']): Reading[] {
  if (label === undefined) {
    const value = fields[field];
    return value === undefined ? [] : [{ labels, value }];
  }
  const prefix = `${field}.`;
  return Object.entries(fields)
    .filter(([name]) => name.startsWith(prefix) && label.allows(name.slice(prefix.length)))
    .map(([name, value]) => ({ labels: { ...labels, [label.name]: name.slice(prefix.length) }, value }));
}
