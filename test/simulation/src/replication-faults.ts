// What goes wrong in the scenario of replication. A minority of the hosts fails at most, and one disk is lost at a time, never beside a partition: what a
// side of one host alone acknowledges lies on its disk only. Everything ends early enough for what is asked after the quiet.
import { nextBelow, type Random } from '@chordial/actor/random';
import type { FaultPlan } from '@chordial/simulator';
import type { ReplicationShape } from './replication-shape.ts';
import { badNetwork, type Fault, healMs, type Outage, rollPartitions, rollSpell } from './ring-faults.ts';

const outageEveryMs = 4_000;
const pauseMsMax = 8_000;
const damagedPlaces = 4;
/** From the loss of a disk until another may be lost: the host is back, and has been given its records again. */
const regrownMs = 20_000;

export function rollReplicationFaults(random: Random, shape: ReplicationShape, withinMs: number): FaultPlan {
  const { weather } = shape;
  if (weather === 'calm' || withinMs < 1_000) return [];
  const plan: Fault[] = [];
  const outages: Outage[] = [];
  let diskLostUntil = weather === 'partition' ? Number.POSITIVE_INFINITY : 0;
  const count = 1 + nextBelow(random, Math.max(1, Math.round(withinMs / outageEveryMs)));
  for (let i = 0; i < count; i++) {
    const fault = rollOutage(random, shape, withinMs);
    const outage = { host: fault.host, from: fault.at, to: fault.at + fault.durationMs + healMs };
    if (!isBearable(shape, outages, outage)) continue;
    outages.push(outage);
    // Rolled in any order of time, so a single one: another would have to be far from it on both sides.
    const mayLose = diskLostUntil === 0 || fault.at > diskLostUntil;
    const die = fault.kind === 'crash-host' && mayLose ? nextBelow(random, 3) : 2;
    if (die < 2) diskLostUntil = fault.at + fault.durationMs + regrownMs;
    const { host, at } = fault;
    // A record that is damaged is missed when the files are read.
    if (die === 1)
      for (let place = 0; place < damagedPlaces; place++)
        plan.push({ kind: 'damage-disk', host, at: at - 1, durationMs: 1, file: 'store-' });
    // A slow disk has much under way, some of which is torn.
    else if (nextBelow(random, 3) === 0)
      plan.push({ kind: 'slow-disk', host, at: Math.max(0, at - 400), durationMs: 401, delayMs: 150 });
    plan.push(fault.kind === 'crash-host' && die === 0 ? { ...fault, disk: 'lost' } : fault);
  }
  plan.push(...rollDisks(random, shape, withinMs));
  if (weather !== 'crash') plan.push(...rollWeather(random, shape, withinMs));
  if (weather === 'partition') plan.push(...rollPartitions(random, shape, withinMs));
  return plan.sort((a, b) => a.at - b.at);
}

function isBearable(shape: ReplicationShape, outages: readonly Outage[], added: Outage): boolean {
  const overlap = outages.filter(({ from, to }) => from < added.to && added.from < to);
  return !overlap.some(({ host }) => host === added.host) && overlap.length + 1 <= shape.downMax;
}

type OutageFault = Extract<Fault, { kind: 'crash-host' | 'pause-host' | 'pause-lane' | 'kill-lane' }>;

function rollOutage(random: Random, shape: ReplicationShape, withinMs: number): OutageFault {
  const host = nextBelow(random, shape.hostsCount);
  const at = 500 + nextBelow(random, Math.max(1, Math.floor(withinMs * 0.8)));
  const longest = Math.max(1, withinMs - at);
  const durationMs = Math.min(longest, 100 + nextBelow(random, pauseMsMax));
  const die = nextBelow(random, 10);
  const lane = nextBelow(random, shape.lanesCount + (shape.places[host] === 'storage' ? 1 : 0));
  if (shape.weather !== 'crash' && die < 2) return { kind: 'pause-host', host, at, durationMs };
  if (shape.weather !== 'crash' && die === 2) return { kind: 'pause-lane', host, lane, at, durationMs };
  if (die < 5) return { kind: 'kill-lane', host, lane, at, durationMs: Math.min(longest, 100) };
  return { kind: 'crash-host', host, at, durationMs, disk: 'kept', silent: nextBelow(random, 3) === 0 };
}

/** A disk is full, read-only or slow for some seconds. */
function rollDisks(random: Random, shape: ReplicationShape, withinMs: number): Fault[] {
  return Array.from({ length: nextBelow(random, 3) }, (): Fault => {
    const at = nextBelow(random, Math.max(1, Math.floor(withinMs * 0.8)));
    const durationMs = Math.max(1, Math.min(withinMs - at, 200 + nextBelow(random, 6_000)));
    const host = nextBelow(random, shape.hostsCount);
    const kind = (['fill-disk', 'lock-disk', 'slow-disk'] as const)[nextBelow(random, 3)]!;
    if (kind !== 'slow-disk') return { kind, at, durationMs, host };
    return { kind, at, durationMs, host, delayMs: 5 + nextBelow(random, 800) };
  });
}

/** A bad network, clocks that run ahead and lanes that do not hear each other, for some seconds at a time. */
function rollWeather(random: Random, shape: ReplicationShape, withinMs: number): Fault[] {
  return Array.from({ length: 1 + nextBelow(random, 4) }, (): Fault => {
    const spell = rollSpell(random, shape.hostsCount, withinMs);
    const { at, durationMs, host, where } = spell;
    switch (nextBelow(random, 6)) {
      case 0:
        return badNetwork(random, 'lose', spell);
      case 1:
        return badNetwork(random, 'duplicate', spell);
      case 2:
        return { kind: 'reorder', at, durationMs, ...where, chance: 0.1, delayMs: 1 + nextBelow(random, 100) };
      case 3:
        return {
          kind: 'skew-clock',
          at,
          durationMs,
          host,
          rate: 0.95 + nextBelow(random, 11) / 100,
          jumpMs: nextBelow(random, 1_500),
        };
      case 4: {
        const lanes = shape.lanesCount + (shape.places[host] === 'storage' ? 1 : 0);
        const from = nextBelow(random, lanes);
        return {
          kind: 'fill-link',
          at,
          durationMs: Math.min(durationMs, 1_500),
          host,
          from,
          to: (from + 1) % Math.max(2, lanes),
        };
      }
      default:
        return badNetwork(random, 'delay', spell);
    }
  });
}
