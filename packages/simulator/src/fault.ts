// Faults as data: what goes wrong, when, where and for how long. A list of them is the input of a history; it is generated from
// the seed, can be written down, shortened and run again.
import { nextBelow, nextFloat, type Random } from '@chordial/actor/random';

interface Timed {
  /** Virtual milliseconds from the start. */
  readonly at: number;
  readonly durationMs: number;
}
/** On the way from some hosts to others; without them, everywhere. */
interface OnTheWay extends Timed {
  readonly from?: readonly number[];
  readonly to?: readonly number[];
}

export type Fault =
  | (OnTheWay & { readonly kind: 'lose' | 'duplicate'; readonly chance: number })
  | (OnTheWay & { readonly kind: 'reorder' | 'delay'; readonly chance: number; readonly delayMs: number })
  /** `hosts` and the others cannot talk; `out`: only what these hosts send is lost, `in`: only what is sent to them. */
  | (Timed & { readonly kind: 'partition'; readonly hosts: readonly number[]; readonly way: 'both' | 'out' | 'in' })
  | (Timed & { readonly kind: 'pause-host'; readonly host: number })
  | (Timed & { readonly kind: 'pause-lane'; readonly host: number; readonly lane: number })
  /** The process is down for `durationMs`. `silent`: the machine lost its power, so that nothing answers for it either. */
  | (Timed & {
      readonly kind: 'crash-host';
      readonly host: number;
      readonly disk: 'kept' | 'lost';
      readonly silent?: boolean;
    })
  | (Timed & { readonly kind: 'kill-lane'; readonly host: number; readonly lane: number })
  /** The clock jumps ahead and then runs at `rate` for the time of the fault. */
  | (Timed & { readonly kind: 'skew-clock'; readonly host: number; readonly rate: number; readonly jumpMs: number })
  | (Timed & { readonly kind: 'fill-link'; readonly host: number; readonly from: number; readonly to: number })
  | (Timed & { readonly kind: 'fill-disk' | 'lock-disk'; readonly host: number })
  /** Each request takes that much longer. */
  | (Timed & { readonly kind: 'slow-disk'; readonly host: number; readonly delayMs: number })
  /** Bits of one file whose name holds `file` are other ones from then on, at a place by the seed; not those of its first bytes. */
  | (Timed & { readonly kind: 'damage-disk'; readonly host: number; readonly file: string });

export type FaultKind = Fault['kind'];
export type FaultPlan = readonly Fault[];

export interface FaultRange {
  readonly kinds: readonly FaultKind[];
  /** Hosts that faults may hit, and how many lanes each has. */
  readonly hosts: readonly number[];
  readonly lanesCount: number;
  /** All faults begin and end before this time. */
  readonly withinMs: number;
  /** Virtual time per fault, on average. */
  readonly everyMs: number;
  readonly durationMsMax: number;
}

const faultsMax = 1_000;

/** A plan by the dice: everything ends within `withinMs`, so that what must come right in the end has a calm time for it. */
export function rollFaults(random: Random, range: FaultRange): FaultPlan {
  const count = Math.min(faultsMax, Math.max(1, Math.round(range.withinMs / range.everyMs)));
  const plan: Fault[] = [];
  for (let i = 0; i < count; i++) plan.push(rollFault(random, range));
  return plan.sort((a, b) => a.at - b.at);
}

function rollFault(random: Random, range: FaultRange): Fault {
  const kind = pick(random, range.kinds);
  const host = pick(random, range.hosts);
  const lane = nextBelow(random, range.lanesCount);
  const at = nextBelow(random, Math.max(1, Math.floor(range.withinMs * 0.9)));
  const longest = Math.min(range.durationMsMax, range.withinMs - at);
  const durationMs = 1 + nextBelow(random, Math.max(1, Math.floor(longest)));
  const chance = 0.05 + Math.round(nextFloat(random) * 60) / 100;
  const timed = { at, durationMs };
  const way = nextBelow(random, 3) === 0 ? {} : nextBelow(random, 2) === 0 ? { from: [host] } : { to: [host] };
  switch (kind) {
    case 'lose':
    case 'duplicate':
      return { kind, ...timed, ...way, chance };
    case 'reorder':
    case 'delay':
      return { kind, ...timed, ...way, chance, delayMs: 1 + nextBelow(random, 800) };
    case 'partition': {
      const hosts = range.hosts.filter((other) => other === host || nextBelow(random, 3) === 0);
      return { kind, ...timed, hosts, way: pick(random, ['both', 'out', 'in'] as const) };
    }
    case 'pause-host':
    case 'fill-disk':
    case 'lock-disk':
      return { kind, ...timed, host };
    case 'pause-lane':
    case 'kill-lane':
      return { kind, ...timed, host, lane };
    case 'crash-host':
      return {
        kind,
        ...timed,
        host,
        disk: pick(random, ['kept', 'lost'] as const),
        silent: nextBelow(random, 2) === 0,
      };
    case 'slow-disk':
      return { kind, ...timed, host, delayMs: 1 + nextBelow(random, 800) };
    case 'damage-disk':
      return { kind, ...timed, host, file: '' };
    case 'skew-clock':
      return { kind, ...timed, host, rate: 0.9 + nextBelow(random, 21) / 100, jumpMs: nextBelow(random, 2_000) };
    case 'fill-link':
      return { kind, ...timed, host, from: lane, to: (lane + 1) % Math.max(2, range.lanesCount) };
    default:
      return kind satisfies never;
  }
}

/** One line for people: `12.5 s for 300 ms: lose chance=0.2 from=[1]`. */
export function formatFault({ at, durationMs, kind, ...details }: Fault): string {
  const rest = Object.entries(details).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${(at / 1_000).toFixed(3)} s for ${durationMs} ms: ${[kind, ...rest].join(' ')}`;
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[nextBelow(random, choices.length)]!;
}
