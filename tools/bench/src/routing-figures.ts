// Figures of figure 5 for one size of ring: where requests go is counted and timed under the simulator, what a hop costs the processor
// is measured on one kernel.
import { ringKeyFromText } from '@chordial/ring-key';
import { AskingRing, type Route } from './ring/asking-hosts.ts';
import type { SimulatedNetwork } from './ring/networks.ts';
import { ringOnOneKernel } from './ring/one-kernel.ts';
import { type Distribution, distributionOf, spreadOf } from './statistics.ts';

export interface WayFigures {
  /** Peers that handed the question on. */
  readonly hops: Distribution;
  /** Messages between hosts, one after the other, until the request is at its owner. */
  readonly messages: Distribution;
  /** Virtual ms until the request is at its owner, all links being open. */
  readonly routingMs: Distribution;
  /** Virtual ms until the asker knows the owner: the look-up of the papers. */
  readonly lookupMs: Distribution;
}

export interface NetworkFigures {
  readonly fingers: WayFigures;
  readonly oneHop: WayFigures;
  /** Routing time by fingers of requests that open links on their way. */
  readonly coldMs: Distribution;
}

export const keyOf = (user: number) => ringKeyFromText(`sip:user${user}@example.com`);

export function measureOnNetwork(
  peers: number,
  network: SimulatedNetwork,
  lookups: number,
  seed: number,
): NetworkFigures {
  const ring = new AskingRing(peers, network, seed);
  const cold: Route[] = [];
  const fingers: Route[] = [];
  const oneHop: Route[] = [];
  for (let i = 0; i < lookups; i++) {
    const key = keyOf(i);
    // The first one opens the links of this way, the second one finds them open.
    cold.push(ring.route(i % peers, key, 'fingers'));
    fingers.push(ring.route(i % peers, key, 'fingers'));
    ring.route(i % peers, key, 'one-hop');
    oneHop.push(ring.route(i % peers, key, 'one-hop'));
  }
  return {
    fingers: wayFigures(fingers),
    oneHop: wayFigures(oneHop),
    coldMs: distributionOf(cold.map(({ arrivedMs }) => arrivedMs)),
  };
}

function wayFigures(routes: readonly Route[]): WayFigures {
  return {
    hops: distributionOf(routes.map(({ hops }) => hops)),
    messages: distributionOf(routes.map(({ messages }) => messages)),
    routingMs: distributionOf(routes.map(({ arrivedMs }) => arrivedMs)),
    lookupMs: distributionOf(routes.map(({ foundMs }) => foundMs)),
  };
}

export interface ProcessorFigures {
  /** Microseconds of a step of find-successor: a hop, or the answer. The median of rounds. */
  readonly stepUs: number;
  /** Microseconds to find an owner in the table of members. */
  readonly tableUs: number;
}

const rounds = 7;
const askedTogether = 256;

export function measureProcessor(peers: number, lookups: number): ProcessorFigures {
  const { ring, put, run } = ringOnOneKernel(peers);
  const keys = Array.from({ length: 4_096 }, (_, i) => keyOf(i));
  const stepUs: number[] = [];
  const tableUs: number[] = [];
  // The first round lets the compiler finish.
  for (let round = 0; round <= rounds; round++) {
    let steps = 0;
    let beganAt = performance.now();
    for (let i = 0; i < lookups; ) {
      const end = Math.min(lookups, i + askedTogether);
      // The asker takes a step per answer too, so that what is counted is hops, answers and receipts: a hop costs no more than this.
      steps += 2 * (end - i);
      for (; i < end; i++) put(i % peers, { key: keys[i % keys.length]!, correlation: i, hops: 0 });
      steps += run();
    }
    const us = ((performance.now() - beganAt) * 1_000) / steps;
    beganAt = performance.now();
    let check = 0;
    for (let i = 0; i < lookups; i++) check += ring.table.ownerIndex(keys[i % keys.length]!);
    const each = ((performance.now() - beganAt) * 1_000) / lookups;
    if (check < 0) throw new Error('an owner has an index');
    if (round === 0) continue;
    stepUs.push(us);
    tableUs.push(each);
  }
  return { stepUs: spreadOf(stepUs).median, tableUs: spreadOf(tableUs).median };
}
