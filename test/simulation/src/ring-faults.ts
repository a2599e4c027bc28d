// What goes wrong in the scenarios of the ring. At no time is more than a minority of the hosts failing, and no more than two of them fail
// before the ring has closed around the ones before: successor lists name peers of three other hosts (Zave 2017: "no failure leaves
// a member without a live successor").
import { nextBelow, nextFloat, type Random } from '@chordial/actor/random';
import type { FaultPlan } from '@chordial/simulator';
import { minorityOf, type RingShape } from './ring-shape.ts';

export type Fault = FaultPlan[number];

/** Time in which the ring closes around a host that failed, and in which a host that is back finds its place again. */
export const healMs = 6_000;
const togetherMax = 2;
const crashEveryMs = 5_000;
const pauseMsMax = 9_000;

export interface Outage {
  readonly host: number;
  readonly from: number;
  readonly to: number;
}

export function rollRingFaults(random: Random, shape: RingShape, withinMs: number): FaultPlan {
  const { weather } = shape;
  if (weather === 'calm' || withinMs < 1_000) return [];
  const plan: Fault[] = [];
  const outages: Outage[] = [];
  const count = 1 + nextBelow(random, Math.max(1, Math.round(withinMs / crashEveryMs) * 2));
  for (let i = 0; i < count; i++) {
    const fault = rollOutage(random, shape, withinMs);
    if (fault === undefined || !('host' in fault)) continue;
    const outage = { host: fault.host, from: fault.at, to: fault.at + fault.durationMs + healMs };
    if (!isBearable(shape, outages, outage)) continue;
    outages.push(outage);
    plan.push(fault);
  }
  if (weather !== 'crash') plan.push(...rollWeather(random, shape, withinMs));
  if (weather === 'partition') plan.push(...rollPartitions(random, shape, withinMs));
  return plan.sort((a, b) => a.at - b.at);
}

function isBearable(shape: RingShape, outages: readonly Outage[], added: Outage): boolean {
  const overlap = outages.filter(({ from, to }) => from < added.to && added.from < to);
  if (overlap.some(({ host }) => host === added.host)) return false;
  if (overlap.length + 1 > minorityOf(shape)) return false;
  return overlap.filter(({ from }) => Math.abs(from - added.from) < healMs).length < togetherMax;
}

function rollOutage(random: Random, shape: RingShape, withinMs: number): Fault | undefined {
  const host = nextBelow(random, shape.hostsCount);
  const at = 500 + nextBelow(random, Math.max(1, Math.floor(withinMs * 0.8)));
  const longest = Math.max(1, withinMs - at);
  const durationMs = Math.min(longest, 100 + nextBelow(random, pauseMsMax));
  const die = nextBelow(random, 10);
  if (shape.weather !== 'crash' && die < 4) return { kind: 'pause-host', host, at, durationMs };
  if (die === 4) {
    return {
      kind: 'kill-lane',
      host,
      lane: nextBelow(random, shape.lanesCount),
      at,
      durationMs: Math.min(longest, 100),
    };
  }
  const disk = nextBelow(random, 3) === 0 ? 'lost' : 'kept';
  return { kind: 'crash-host', host, at, durationMs, disk, silent: nextBelow(random, 3) === 0 };
}

/** A bad network, for some seconds at a time. */
function rollWeather(random: Random, shape: RingShape, withinMs: number): Fault[] {
  return Array.from({ length: 1 + nextBelow(random, 3) }, (): Fault => {
    const spell = rollSpell(random, shape.hostsCount, withinMs);
    return badNetwork(random, (['lose', 'duplicate', 'delay'] as const)[nextBelow(random, 3)]!, spell);
  });
}

/** A time in which something is bad at one host. */
export interface Spell {
  readonly at: number;
  readonly durationMs: number;
  readonly host: number;
  /** Everywhere, or from or to that host. */
  readonly where: { readonly from?: readonly number[]; readonly to?: readonly number[] };
}

export function rollSpell(random: Random, hostsCount: number, withinMs: number): Spell {
  const at = nextBelow(random, Math.max(1, Math.floor(withinMs * 0.8)));
  const durationMs = Math.min(withinMs - at, 500 + nextBelow(random, 6_000));
  const host = nextBelow(random, hostsCount);
  const where = nextBelow(random, 2) === 0 ? {} : nextBelow(random, 2) === 0 ? { from: [host] } : { to: [host] };
  return { at, durationMs, host, where };
}

export function badNetwork(
  random: Random,
  kind: 'lose' | 'duplicate' | 'delay',
  { at, durationMs, where }: Spell,
): Fault {
  const timed = { at, durationMs, ...where };
  if (kind === 'lose') return { kind, ...timed, chance: 0.02 + Math.round(nextFloat(random) * 10) / 100 };
  if (kind === 'duplicate') return { kind, ...timed, chance: 0.05 + Math.round(nextFloat(random) * 20) / 100 };
  const chance = 0.1 + Math.round(nextFloat(random) * 50) / 100;
  return { kind, ...timed, chance, delayMs: 1 + nextBelow(random, 120) };
}

/** Some hosts and the others do not hear each other, or one side does. */
export function rollPartitions(
  random: Random,
  { hostsCount }: Pick<RingShape, 'hostsCount'>,
  withinMs: number,
): Fault[] {
  const at = 500 + nextBelow(random, Math.max(1, Math.floor(withinMs * 0.5)));
  const durationMs = Math.max(1, Math.min(withinMs - at, 1_000 + nextBelow(random, 12_000)));
  const hosts = Array.from({ length: hostsCount }, (_, host) => host).filter(() => nextBelow(random, 2) === 0);
  const cut = hosts.length === 0 ? [0] : hosts;
  return [
    {
      kind: 'partition',
      at,
      durationMs,
      hosts: cut,
      way: (['both', 'both', 'out', 'in'] as const)[nextBelow(random, 4)]!,
    },
  ];
}
