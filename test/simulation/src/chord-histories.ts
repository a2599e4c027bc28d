// Directed histories: the situations in which the protocol of 2001 is known to break (Zave, TSE 2017, section 3; Zave, CCR 2012), one per
// seed. Each waits for its moment by looking at all states, does its worst, and then everything must come right. `mutants.ts` holds
// the faulty variants that break in them.
import type { ChordPeerState } from '@chordial/chord';
import type { MembershipState } from '@chordial/membership';
import { between, midpoint, type RingKey } from '@chordial/ring-key';
import type { Rules, Scenario, SimulatedHost, Stage } from '@chordial/simulator';
import { addRing } from './ring-hosts.ts';
import { addPeer, type RingHostConfig } from './ring-program.ts';
import { quietFault } from './ring-quiet.ts';
import { RingWorld } from './ring-world.ts';

const hostsCount = 6;
const peersCount = 24;
const successorsCount = 4;
const durationMsDefault = 40_000;
const startMs = 3_000;

/** What a history is told with. */
class Stagehand {
  readonly world: RingWorld;
  readonly configs: readonly RingHostConfig[];
  readonly #waiting: { readonly isNow: () => boolean; readonly act: () => void }[] = [];

  constructor(world: RingWorld, configs: readonly RingHostConfig[]) {
    this.world = world;
    this.configs = configs;
  }

  /** Acts after the first step in which it is so. */
  when(isNow: () => boolean, act: () => void): void {
    this.#waiting.push({ isNow, act });
  }

  look(): void {
    for (let i = 0; i < this.#waiting.length; ) {
      if (this.#waiting[i]!.isNow()) this.#waiting.splice(i, 1)[0]!.act();
      else i++;
    }
  }

  join(host: number): void {
    addPeer(this.world, host - 1, 0, this.configs[host - 1]!);
  }

  /** A joiner that is given these places, one after the other. */
  joinAt(host: number, keys: readonly RingKey[]): void {
    const contact = this.world.members().find(({ self }) => self.host !== host)!.self;
    addPeer(this.world, host - 1, 0, this.configs[host - 1]!, { keys, contact });
  }

  leave(peer: ChordPeerState): void {
    const { host, lane, chord } = peer.self;
    this.host(host).lanes[lane]?.gateway.ask(chord as never, { type: 'leave-ring' } as never, () => undefined);
  }

  host(number: number): SimulatedHost {
    return this.world.hosts[number - 1]!;
  }

  /** Members of a host that came after the founders. */
  joined(host: number): ChordPeerState | undefined {
    return this.world.members().find(({ self }) => self.host === host && self.life > 0);
  }

  before(peer: ChordPeerState): ChordPeerState {
    const others = this.world.members().filter((other) => other !== peer);
    return others.reduce((best, other) => (between(best.self.key, other.self.key, peer.self.key) ? other : best));
  }

  /** Nobody, `but` one, suspects the life that this host has now. */
  judgeSuspicion(suspect: SimulatedHost, but?: SimulatedHost): void {
    const life = membershipOf(suspect)?.life;
    for (const host of this.world.hosts) {
      if (host === but) continue;
      const opinion = membershipOf(host)?.roster.opinions.get(suspect.number)?.opinion;
      if (life === undefined || opinion?.life !== life || opinion.phase === 'alive') continue;
      this.world.broken ??= `host ${host.number} thinks host ${suspect.number} ${opinion.phase}, which lives and answers`;
    }
  }

  /** Out of power for some seconds: nothing answers for it. */
  silence(host: number, downMs = 6_000): void {
    this.host(host).crash(downMs, true, true);
  }
}

function membershipOf({ lanes }: SimulatedHost): MembershipState | undefined {
  const cells = lanes[0]?.phase === 'up' ? [...lanes[0].kernel.cells()] : [];
  return cells.find(({ behaviour }) => behaviour.name === 'membership')?.state as MembershipState | undefined;
}

type History = (stage: Stagehand) => void;

const histories: Readonly<Record<string, History>> = {
  /** 2001: a joiner knows its successor only, and is lost with it. */
  'the successor dies before the joiner stabilized': (hand) => {
    hand.join(1);
    hand.when(
      () => hand.joined(1) !== undefined,
      () => hand.silence(hand.joined(1)!.successors[0]!.host),
    );
  },
  /** 2001: whoever the successor names as its predecessor is adopted, also when it is dead. */
  'the joiner dies when only its successor knows it': (hand) => {
    hand.join(2);
    hand.when(
      () => {
        const joiner = hand.joined(2);
        return (
          joiner !== undefined &&
          hand.world.members().some(({ predecessor }) => predecessor.chord === joiner.self.chord)
        );
      },
      () => hand.silence(2),
    );
  },
  /** 2001: two joiners between the same two members, and the first one dies. */
  'two join at one place and the predecessor dies': (hand) => {
    hand.join(3);
    hand.join(4);
    hand.when(
      () => hand.joined(3) !== undefined && hand.joined(4) !== undefined,
      () => hand.silence(hand.before(hand.joined(3)!).self.host),
    );
  },
  /** 2001: a member that was away comes back as an appendage whose list skips who joined meanwhile, and may close a second ring. */
  'a member comes back after others joined and failed behind it': (hand) => {
    hand.host(5).pause(9_000);
    for (const host of [1, 2, 3, 4, 6]) hand.world.simulation.after(7_000, () => hand.join(host));
    hand.world.simulation.after(7_500, () => hand.silence(6, 4_000));
  },
  /** 2001: a ring that shrinks below r + 1 members can be lost. */
  'everybody wants to leave': (hand) => {
    for (let i = 0; i < 60; i++)
      hand.world.simulation.after(i * 150, () => {
        const members = hand.world.members();
        hand.leave(members[(i * 7) % members.length]!);
      });
  },
  /** 2001: ids are unique because they are hashes; here a place is given, and may be given twice. */
  'two are given one place': (hand) => {
    const { key: taken } = hand.world.members().find(({ self }) => self.host === 3)!.self;
    const next = hand.world.ownerAfter(taken).key;
    hand.joinAt(1, [taken, midpoint(taken, next)]);
    hand.joinAt(2, [taken, midpoint(next, hand.world.ownerAfter(next).key)]);
  },
  /** As before, but nobody has the place yet: both find it free, and one of them finds out when it reads its successor. */
  'two are given one free place': (hand) => {
    const { key: before } = hand.world.members().find(({ self }) => self.host === 3)!.self;
    const next = hand.world.ownerAfter(before).key;
    const free = midpoint(before, next);
    hand.joinAt(1, [free, midpoint(before, free)]);
    hand.joinAt(2, [free, midpoint(free, next)]);
  },
  /** Silence of a former life says nothing of the next one. */
  'a process is replaced at once': (hand) => {
    const host = hand.host(5);
    host.replaceLane(0, 100);
    for (let ms = 20; ms < 2_000; ms += 20) hand.world.simulation.after(ms, () => hand.judgeSuspicion(host));
  },
  /** A host that hears nobody accuses everybody; whoever believed it would drop all others. */
  'a host goes deaf': (hand) => {
    const deaf = hand.host(5);
    const { simulation, hosts } = hand.world;
    simulation.inject([{ kind: 'partition', at: 0, durationMs: 4_000, hosts: [deaf.index], way: 'in' }]);
    for (let ms = 2; ms < 4_000; ms += 2) {
      simulation.after(ms, () => {
        for (const host of hosts) if (host !== deaf) hand.judgeSuspicion(host, deaf);
      });
    }
  },
  /** A suspicion of long ago must not shield a host from the next one. */
  'a host that was suspected and came back dies': (hand) => {
    hand.host(5).pause(7_500);
    hand.world.simulation.after(12_000, () => hand.silence(5, 600_000));
  },
  /** 2001: a successor list of one host dies at once. */
  'two neighbouring hosts die at once': (hand) => {
    hand.silence(3);
    hand.silence(4);
  },
};

const names = Object.keys(histories);

function build({ simulation, durationMs }: Stage): Rules {
  const world = new RingWorld(simulation);
  const configs = addRing(simulation, world, {
    hostsCount,
    laterAtMs: [],
    lanesCount: 1,
    peersCount,
    successorsCount,
    hasService: simulation.seed % 2 === 0,
    askEveryMs: 500,
  });
  const hand = new Stagehand(world, configs);
  const name = names[simulation.seed % names.length]!;
  simulation.at(startMs + (simulation.seed % 97) * 10, () => histories[name]!(hand));
  // What others take for dead lives on, so rings may skip it and ranges have two owners, with two epochs.
  const isRingJudged = !name.includes('back') && !name.includes('deaf');
  const said = (broken: string | undefined): string | undefined =>
    broken === undefined ? undefined : `${name}: ${broken}`;
  return {
    invariant: () => {
      if (!world.isDirty || simulation.now < 5) return undefined;
      const broken = world.broken ?? world.fault(successorsCount, isRingJudged ? 'always' : 'never');
      hand.look();
      return said(broken ?? (isRingJudged ? (world.early ?? world.overlap()) : undefined));
    },
    finish: () => (durationMs < durationMsDefault ? undefined : said(quietFault(world, successorsCount))),
    figures: () => ({ ...world.counts }),
  };
}

export const chordHistories: Scenario = {
  name: 'chord-histories',
  description: 'situations in which the ring protocol of 2001 breaks, one per seed: this one does not',
  clientsCount: 1,
  durationMs: durationMsDefault,
  build,
  faults: () => [],
};

/** How many seeds show every history. */
export const historiesCount = names.length;
