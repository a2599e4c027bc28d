// Prometheus text for `/metrics`, written by prom-client from one status: a fresh registry per scrape, as all counting is done in the lanes.
import { Counter, Gauge, Registry } from 'prom-client';
import type { HostStatus } from './status.ts';

interface Reading {
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** Names as Prometheus allows them: `dropped.malformed` becomes `dropped_malformed`. */
const metricName = (text: string): string => text.replace(/[^a-zA-Z0-9]/g, '_').toLowerCase();

export async function renderMetrics(
  status: HostStatus,
): Promise<{ readonly contentType: string; readonly text: string }> {
  const registry = new Registry();
  const counter = (name: string, help: string, readings: readonly Reading[]): void => {
    const metric = new Counter({
      name: `chordial_${name}_total`,
      help,
      labelNames: labelsOf(readings),
      registers: [registry],
    });
    for (const { labels, value } of readings) metric.inc(labels, Math.max(0, value));
  };
  const gauge = (name: string, help: string, readings: readonly Reading[]): void => {
    const metric = new Gauge({ name: `chordial_${name}`, help, labelNames: labelsOf(readings), registers: [registry] });
    for (const { labels, value } of readings) metric.set(labels, value);
  };
  const perLane = (value: (lane: HostStatus['lanes'][number]) => number): Reading[] =>
    status.lanes.map((lane) => ({ labels: { lane: String(lane.lane) }, value: value(lane) }));

  gauge('uptime_seconds', 'Seconds since the host started', [{ labels: {}, value: status.uptimeMs / 1_000 }]);
  gauge('peers', 'Peers of the ring on this host', [{ labels: {}, value: status.peersCount }]);
  gauge(
    'lane_up',
    '1 while the lane is in routing',
    perLane((lane) => (lane.phase === 'up' ? 1 : 0)),
  );
  gauge(
    'lane_heap_bytes',
    'Heap and external memory of the lane',
    perLane((lane) => lane.heapBytes),
  );
  gauge(
    'lane_timers',
    'Timers pending on the lane',
    perLane((lane) => lane.timersCount),
  );
  counter(
    'lane_cpu_seconds',
    'Processor time of the lane',
    perLane((lane) => lane.cpuMs / 1_000),
  );
  counter(
    'lane_datagrams_received',
    'Datagrams read',
    perLane((lane) => lane.udp.received),
  );
  counter(
    'lane_datagrams_sent',
    'Datagrams sent',
    perLane((lane) => lane.udp.sent),
  );
  counter(
    'lane_datagrams_dropped',
    'Datagrams that could not be sent',
    perLane((lane) => lane.udp.dropped),
  );
  counter(
    'lane_messages_sent',
    'Messages to other lanes',
    perLane((lane) => lane.links.sent),
  );
  counter(
    'lane_messages_refused',
    'Messages to other lanes that found the link full',
    perLane((lane) => lane.links.refused),
  );
  counter(
    'lane_steps',
    'Actor steps',
    perLane((lane) => lane.actors.steps),
  );
  counter(
    'lane_failures',
    'Actors that failed',
    perLane((lane) => lane.actors.failures),
  );
  for (const [actor, fields] of Object.entries(status.totals)) {
    for (const [field, value] of Object.entries(fields)) {
      gauge(`${metricName(actor)}_${metricName(field)}`, `${field} of all ${actor} actors`, [{ labels: {}, value }]);
    }
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

const labelsOf = (readings: readonly Reading[]): string[] => Object.keys(readings[0]?.labels ?? {});
