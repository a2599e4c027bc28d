// How a host comes into the ring, before any of its lanes starts: who it is, whether it founds a ring or joins one, which hosts it
// knows, and its number among them. A joiner asks one host after the other until one answers, as long as it takes.
import { createHmac, randomInt } from 'node:crypto';
import { createIdentity, type HostIdentity, introduce, type RingHost } from '@chordial/runtime';
import { hostNumberMax, keepIdentity, openDirectory, readHostsKnown, readIdentity } from './data-directory.ts';
import { type Endpoint, endpointText } from './endpoint.ts';
import type { Options } from './options.ts';
import { StartFault } from './start-fault.ts';

export interface Entrance {
  /** The number of this host; 0 for a ring of its own that nobody can join. */
  readonly host: number;
  readonly founds: boolean;
  readonly identity: HostIdentity | undefined;
  /** Hosts known from the beginning. */
  readonly seeds: readonly RingHost[];
  readonly directory: string | undefined;
}

/** How long hosts that should be there are asked before a host that may found a ring does so. */
const foundAfterMs = 4_000;
const introduceWithinMs = 2_000;
const askAgainMs = 1_000;
/** How often an operator hears that nobody answers. */
const sayEveryMs = 5_000;
/** No waiting helps against these: the token, the ring or the version is another one. */
const finalCodes = new Set(['wrong-token', 'wrong-ring', 'wrong-version']);

/** Asks one host who is in the ring; the real one is `introduce` of the runtime. */
export type Ask = (to: Endpoint, identity: HostIdentity) => Promise<readonly RingHost[]>;

export const askBy =
  (options: Pick<Options, 'ringName' | 'token'>): Ask =>
  async ({ address, port }, identity) => {
    const { ringName, token } = options;
    const asked = { address, port, ringName, token: token!.reveal(), identity, timeoutMs: introduceWithinMs };
    return (await introduce(asked)).hosts;
  };

/** Resolves when it is known how to start. `say` hears what is waited for; `isEnded` ends the waiting. Throws `StartFault`. */
export async function enter(
  options: Options,
  advertised: Endpoint | undefined,
  say: (sentence: string) => void,
  isEnded: () => boolean = () => false,
  ask: Ask = askBy(options),
): Promise<Entrance> {
  const directory = options.data === undefined ? undefined : openDirectory(options.data);
  if (advertised === undefined) return { host: 0, founds: true, identity: undefined, seeds: [], directory };
  const kept = directory === undefined ? undefined : readIdentity(directory);
  const identity = kept?.identity ?? (await createIdentity());
  const known = directory === undefined ? [] : readHostsKnown(directory);
  const isSelf = (each: Endpoint) => endpointText(each) === endpointText(advertised);
  const given = options.join.filter((each) => !isSelf(each));
  // The same list may be given to every host: the first one in it founds the ring if nobody is there.
  const mayFound = given.length === 0 || isSelf(options.join[0]!);
  const targets = [...given, ...known.filter((each) => !isSelf(each))];
  const distinct = [...new Map(targets.map((each) => [endpointText(each), each])).values()];
  const hosts = await whoIsThere(distinct, identity, mayFound, say, isEnded, ask);
  const seeds = hosts ?? known;
  const host = numberOf(kept?.host ?? 0, identity, [...seeds, ...known]);
  if (directory !== undefined) keepIdentity(directory, { identity, host });
  return { host, founds: hosts === undefined, identity, seeds: seeds.filter((each) => each.host !== host), directory };
}

/** The hosts of the ring, or undefined where nobody answers and the host may found one. */
async function whoIsThere(
  targets: readonly Endpoint[],
  identity: HostIdentity,
  mayFound: boolean,
  say: (sentence: string) => void,
  isEnded: () => boolean,
  ask: Ask,
): Promise<readonly RingHost[] | undefined> {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  while (targets.length > 0) {
    const faults: string[] = [];
    for (const target of targets) {
      if (isEnded()) throw new StartFault('stopped before a host of the ring answered');
      try {
        return await ask(target, identity);
      } catch (failure) {
        const { message, code } = failure as Error & { code?: string };
        if (code !== undefined && finalCodes.has(code)) throw new StartFault(message);
        faults.push(message);
      }
    }
    const waitedMs = performance.now() - startedAt;
    if (mayFound && waitedMs >= foundAfterMs) {
      say(
        `No other host of the ring answers (${faults[0]}); this host goes on alone, and is joined with them when they are back.`,
      );
      return undefined;
    }
    if (performance.now() - saidAt >= sayEveryMs) {
      saidAt = performance.now();
      const others = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
      say(`Waiting for a host of the ring since ${(waitedMs / 1_000).toFixed(0)} s: ${faults[0]}${others}`);
    }
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
  }
  return undefined;
}

/** The number of an earlier life if nobody else has it, else a free one by lot. */
export function numberOf(kept: number, { fingerprint }: HostIdentity, hosts: readonly RingHost[]): number {
  const ownerOf = new Map(hosts.map((each) => [each.host, each.fingerprint]));
  const isFree = (host: number) => (ownerOf.get(host) ?? fingerprint) === fingerprint;
  if (kept !== 0 && isFree(kept)) return kept;
  for (;;) {
    const drawn = randomInt(1, hostNumberMax + 1);
    if (!ownerOf.has(drawn)) return drawn;
  }
}

/** For To tags: the same on all hosts of a ring, and nothing of the token can be found from it. */
export const ringSecret = ({ token, ringName }: Pick<Options, 'token' | 'ringName'>): number =>
  token === undefined
    ? randomInt(2 ** 32)
    : createHmac('sha256', token.reveal()).update(`chordial to-tags of ${ringName}`).digest().readUInt32BE(0);
