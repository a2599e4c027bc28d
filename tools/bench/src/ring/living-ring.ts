// The ring of figure 6: hosts with one peer and one membership each, as `chordial up` lays them out, on a simulated network. Hosts
// join through one other host and die in silence; what every host knows is read from its own actors.
import { type Behaviour, type LaneProgram, makeAddress } from '@chordial/actor';
import {
  type ChordPeerConfig,
  type ChordPeerState,
  type FoundingRing,
  ownershipFault,
  ringFault,
} from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type { Member, RingChanged } from '@chordial/chord/protocol';
import type { Contact } from '@chordial/membership';
import { membership } from '@chordial/membership/behaviour';
import type { MembershipMessage, MembershipReport } from '@chordial/membership/protocol';
import { type SimulatedHost, Simulation } from '@chordial/simulator';
import type { SimulatedNetwork } from './networks.ts';
import { onePeerAHost, peerAddress, successorsMax } from './one-peer-a-host.ts';

const membershipAt = 16;
const watcherAt = 17;
const newsAt = 18;
const ringPort = 7_070;

interface HostConfig {
  /** Absent for a host that joins. */
  readonly founding?: FoundingRing;
  readonly seeds: readonly Contact[];
}

/** What one host knows now. */
export class RingHost {
  readonly number: number;
  readonly host: SimulatedHost;
  /** Virtual time of the first step of its actors; -1 before. */
  bornAt = -1;
  /** The ring as its dispatcher would see it. */
  members: readonly Member[] = [];

  constructor(number: number, hostOf: (self: RingHost) => SimulatedHost) {
    this.number = number;
    this.host = hostOf(this);
  }

  get peer(): ChordPeerState | undefined {
    const cell = this.host.lanes[0]?.kernel.cellAt(peerAddress(this.number) as never);
    return cell?.state as ChordPeerState | undefined;
  }

  lists(number: number): boolean {
    return this.members.some(({ host }) => host === number);
  }

  /** Whether a pointer of the ring or a finger of its peer names the host. */
  pointsTo(number: number): boolean {
    const { peer } = this;
    if (peer === undefined) return false;
    const names = ({ host }: Member): boolean => host === number;
    return names(peer.predecessor) || peer.successors.some(names) || peer.fingers.some(names);
  }
}

export class LivingRing {
  readonly simulation: Simulation;
  readonly hosts: RingHost[] = [];

  /** Founded by `peersCount` hosts that know the way to each other. */
  constructor(peersCount: number, network: SimulatedNetwork, seed: number) {
    this.simulation = new Simulation({ seed, delayMsOf: network.delayOf, invariantsEvery: 10_000 });
    const founding = onePeerAHost(peersCount);
    const seeds: Contact[] = [];
    for (let number = 1; number <= peersCount; number++)
      seeds.push(this.#contactOf(this.#add(number, { founding, seeds })));
  }

  /** One more host, which knows one other. */
  join(through: RingHost): RingHost {
    return this.#add(this.hosts.length + 1, { seeds: [this.#contactOf(through)] });
  }

  get living(): RingHost[] {
    return this.hosts.filter(({ host }) => host.isUp);
  }

  /** What is not yet as it shall be in a quiet ring of all living hosts, as a sentence. */
  unrest(): string | undefined {
    const { living } = this;
    const peers = living.map(({ peer }) => peer).filter((peer) => peer !== undefined);
    if (peers.length < living.length) return 'a peer has not started';
    const waiting = peers.find(({ phase }) => phase !== 'member');
    if (waiting !== undefined) return `a peer is ${waiting.phase}`;
    const lagging = living.find(({ members }) => members.length !== living.length);
    if (lagging !== undefined)
      return `host ${lagging.number} knows ${lagging.members.length} of ${living.length} members`;
    return ringFault(peers, Math.min(successorsMax, peers.length - 1)) ?? ownershipFault(peers);
  }

  /** Lets time pass until nothing is unsettled; throws when that takes longer than `msMax`. */
  settle(msMax: number): void {
    const untilMs = this.simulation.now + msMax;
    let unrest = this.unrest();
    while (unrest !== undefined && this.simulation.now < untilMs) {
      this.pass(20);
      unrest = this.unrest();
    }
    if (unrest !== undefined) throw new Error(`the ring did not settle within ${msMax} ms: ${unrest}`);
  }

  pass(ms: number): void {
    this.simulation.run(this.simulation.now + ms);
    const { violation } = this.simulation;
    if (violation !== undefined) throw new Error(`at ${violation.at} ms, ${violation.where}: ${violation.sentence}`);
  }

  #contactOf({ number, host }: RingHost): Contact {
    return { host: number, address: host.address, port: ringPort, fingerprint: host.fingerprint };
  }

  #add(number: number, config: HostConfig): RingHost {
    const fingerprint = `key-of-${number}`;
    const spec = { config, lanesCount: 1, number, ringPort, fingerprint };
    const added = new RingHost(number, (self) => this.simulation.addHost({ ...spec, program: this.#programOf(self) }));
    this.hosts.push(added);
    return added;
  }

  #programOf(self: RingHost): LaneProgram<HostConfig> {
    return ({ config, host, lane, lanesCount, startedAt, ports, spawn, send }) => {
      self.bornAt = this.simulation.now;
      const { founding } = config;
      // Founders know the way to each other from the first moment; what others are like is left to gossip.
      for (const { host: other, address, port, fingerprint } of config.seeds) {
        if (other !== host) send(ports.hosts, { type: 'route-host', host: other, address, port, fingerprint, via: 0 });
      }
      const founders = founding === undefined ? [] : [founding.members[host - 1]!];
      const leader = makeAddress<MembershipMessage>(host, 0, membershipAt);
      const place = { host, lane, startedAt };
      const known = spawn(
        membership,
        {
          ...place,
          lanesCount,
          address: self.host.address,
          port: ringPort,
          fingerprint: self.host.fingerprint,
          sip: '',
          hostsPort: ports.hosts,
          disk: ports.disk,
          owner: spawn(news, undefined, newsAt),
          leader,
          at: membershipAt,
          seeds: firstWords(config.seeds, host),
          founders,
        },
        membershipAt,
      );
      send(known, { type: 'watch-ring', replyTo: spawn(watcher, self, watcherAt) });
      const peer: ChordPeerConfig = { ...place, membership: known, successorsCount: successorsMax };
      spawn(chordPeer, founding === undefined ? peer : { ...peer, self: founders[0]!, founding });
    };
  }
}

/** Of many others only the next ones are asked what they know. */
const firstWords = (seeds: readonly Contact[], host: number): readonly Contact[] =>
  seeds.length === 1
    ? seeds
    : [1, 2, 3].map((steps) => seeds[(host - 1 + steps) % seeds.length]!).filter((seed) => seed.host !== host);

const watcher: Behaviour<RingHost, RingChanged, RingHost> = {
  name: 'watcher',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init: (host) => host,
  step: (host, { message }) => {
    host.members = message.members;
  },
};

/** Sentences for operators, which nobody reads here. */
const news: Behaviour<undefined, MembershipReport, undefined> = {
  name: 'news',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init: () => undefined,
  step: () => {},
};
