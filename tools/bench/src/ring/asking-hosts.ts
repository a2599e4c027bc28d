// Hosts of figure 5: on each, one peer of the ring and an asker. The asker has a request for the owner of a key and sends it there,
// found by fingers (find-successor, then the request to the owner) or at once by the table of members (one hop).
import { type Address, type Behaviour, type LaneProgram, makeAddress, type Typed } from '@chordial/actor';
import type { FoundingRing } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import { chordWords, type SuccessorFound } from '@chordial/chord/protocol';
import type { RingKey } from '@chordial/ring-key';
import { Simulation } from '@chordial/simulator';
import type { SimulatedNetwork } from './networks.ts';
import { onePeerAHost, peerAddress } from './one-peer-a-host.ts';

export type Way = 'fingers' | 'one-hop';

export interface Route {
  /** Peers that handed the question on. */
  readonly hops: number;
  /** Messages between hosts that follow each other until the request is at its owner. */
  readonly messages: number;
  /** Virtual milliseconds until the owner was known to the asker. */
  readonly foundMs: number;
  /** Virtual milliseconds until the request was at its owner. */
  readonly arrivedMs: number;
}

interface SendRequest {
  readonly type: 'send-request';
  readonly key: RingKey;
  readonly way: Way;
  readonly correlation: number;
}
interface RequestSent {
  readonly type: 'request-sent';
  readonly correlation: number;
}
type AskerMessage = SendRequest | RequestSent | SuccessorFound;

const askerAt = 16;
const routeMsMax = 60_000;
const settleMs = 2_000;
const ringPort = 7_070;

export class AskingRing {
  readonly ring: FoundingRing;
  readonly #simulation: Simulation;
  #beganAt = 0;
  #found: SuccessorFound | undefined;
  #foundMs = 0;
  #arrivedMs = -1;
  #arrivedOn = 0;
  #correlation = 0;

  constructor(peersCount: number, network: SimulatedNetwork, seed: number) {
    this.ring = onePeerAHost(peersCount);
    this.#simulation = new Simulation({ seed, delayMsOf: network.delayOf, invariantsEvery: 1_000_000 });
    const addresses: string[] = [];
    for (let number = 1; number <= peersCount; number++) {
      const { address } = this.#simulation.addHost({
        program: this.#program,
        config: addresses,
        lanesCount: 1,
        number,
        ringPort,
      });
      addresses.push(address);
    }
    this.#simulation.run(settleMs);
    this.#refuseViolation();
  }

  /** The way of a request from the host with this index to the owner of `key`, which must be the one of the key table. */
  route(from: number, key: RingKey, way: Way): Route {
    const { members, table } = this.ring;
    const owner = members[table.ownerIndex(key)]!;
    this.#found = undefined;
    this.#arrivedMs = -1;
    this.#beganAt = this.#simulation.now;
    const lane = this.#simulation.hosts[from]!.lanes[0]!;
    const message: SendRequest = { type: 'send-request', key, way, correlation: ++this.#correlation };
    lane.arrive(() => lane.deliver(makeAddress(from + 1, 0, askerAt), message as Typed));
    this.#simulation.runUntil(() => this.#arrivedMs >= 0, routeMsMax);
    this.#refuseViolation();
    if (this.#arrivedMs < 0) throw new Error(`a request from host ${from + 1} for ${key} was lost`);
    if (this.#arrivedOn !== owner.host) throw new Error(`${way} and the key table disagree about ${key}`);
    const last = owner.host === from + 1 ? 0 : 1;
    const found = this.#found as SuccessorFound | undefined;
    if (found === undefined) return { hops: 0, messages: last, foundMs: 0, arrivedMs: this.#arrivedMs };
    // The answer comes from the last of the peers passed, and is no message when that is the asker's own.
    const answer = found.trace?.at(-1) === members[from]!.key ? 0 : 1;
    return {
      hops: found.hops,
      messages: found.hops + answer + last,
      foundMs: this.#foundMs,
      arrivedMs: this.#arrivedMs,
    };
  }

  /** Virtual time in which nobody asks. */
  pause(ms: number): void {
    this.#simulation.run(this.#simulation.now + ms);
  }

  readonly #program: LaneProgram<readonly string[]> = ({ host, config: addresses, ports, spawn, send }) => {
    for (const [index, address] of addresses.entries()) {
      const other = index + 1;
      if (other === host) continue;
      send(ports.hosts, { type: 'route-host', host: other, address, port: ringPort, fingerprint: '', via: 0 });
    }
    spawn(this.#asker, host, askerAt);
    spawn(chordPeer, { self: this.ring.members[host - 1]!, founding: this.ring, host });
  };

  readonly #asker: Behaviour<{ self: Address<AskerMessage>; host: number }, AskerMessage, number> = {
    name: 'asker',
    mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
    words: { ...chordWords, 'send-request': [200, 'key', 'way', 'correlation'], 'request-sent': [201, 'correlation'] },
    init: (host, { self }) => ({ self, host }),
    step: ({ self, host }, { message }, out) => {
      const sinceMs = this.#simulation.now - this.#beganAt;
      const requestTo = (owner: number, correlation: number): void =>
        out.send(makeAddress<RequestSent>(owner, 0, askerAt), { type: 'request-sent', correlation });
      switch (message.type) {
        case 'send-request': {
          const { key, way, correlation } = message;
          if (way === 'one-hop') {
            requestTo(this.ring.members[this.ring.table.ownerIndex(key)]!.host, correlation);
            return;
          }
          const question = { type: 'find-successor', key, correlation, hops: 0, trace: [] } as const;
          out.send(peerAddress(host), { ...question, replyTo: self });
          return;
        }
        case 'successor-found':
          this.#found = message;
          this.#foundMs = sinceMs;
          requestTo(message.owner.host, message.correlation);
          return;
        case 'request-sent':
          if (message.correlation !== this.#correlation) return;
          this.#arrivedMs = sinceMs;
          this.#arrivedOn = host;
          return;
        default:
          message satisfies never;
      }
    },
  };

  #refuseViolation(): void {
    const { violation } = this.#simulation;
    if (violation !== undefined) throw new Error(`${violation.where}: ${violation.sentence}`);
  }
}
