// The wiring of a lane in the scenarios of the ring: the real membership and the real peers, a service for each, and a client that asks.
import type { Address, Behaviour, LaneProgram } from '@chordial/actor';
import type { ChordPeerConfig, ChordPeerState } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type { ChordMessage, Member, PeerChanged, PlacePeer } from '@chordial/chord/protocol';
import type { MembershipMessage } from '@chordial/membership/protocol';
import type { RingKey } from '@chordial/ring-key';
import { lookupClient } from './lookup-client.ts';
import { rangeKeeper } from './range-keeper.ts';
import { beginLane, membershipAt, type RingLaneConfig, spawnMembership } from './ring-lane.ts';
import type { RingWorld } from './ring-world.ts';

export const at = { membership: membershipAt, client: 17 } as const;

/** Founders are the first roots of their lanes, in the order of their keys. */
export interface RingHostConfig extends RingLaneConfig {
  readonly world: RingWorld;
  /** How often each lane asks who owns a key; nobody asks when left out. */
  readonly askEveryMs?: number;
  /** Without it the records of a range take a moment to be handed over. */
  readonly hasService: boolean;
}

/** Tells the world of every change of a pointer, and judges what one step alone may not do. */
export const watched = (world: RingWorld): Behaviour<ChordPeerState, ChordMessage, ChordPeerConfig> => ({
  ...chordPeer,
  step(state, received, out) {
    const { version, phase, successors, fingers, predecessor } = state;
    chordPeer.step(state, received, out);
    if (state.version === version && state.phase === phase) return;
    world.isDirty = true;
    if (phase === 'joining' && state.phase === 'member') world.broken ??= taken(state, received.message);
    const known = [...successors, ...fingers, predecessor];
    if (phase === 'member' && state.phase === 'member') world.broken ??= uncontacted(state, known, received.message);
  },
});

/** Rule 2: the read in which a joiner takes the list does not show another member at its id. */
function taken({ self }: ChordPeerState, message: ChordMessage): string | undefined {
  if (message.type !== 'pointers-read') return undefined;
  const seen = [message.self, message.predecessor, ...message.successors];
  const other = seen.find(({ key, host, life }) => key === self.key && (host !== self.host || life > self.life));
  return other === undefined ? undefined : `${self.key} of host ${self.host} joined at the id of host ${other.host}`;
}

/** Rule 5: a member that was not in the list before is the first successor only after it answered in this very step. */
function uncontacted(
  { self, successors }: ChordPeerState,
  known: readonly Member[],
  message: ChordMessage,
): string | undefined {
  const first = successors[0];
  if (first === undefined || known.some(({ chord }) => chord === first.chord)) return undefined;
  if (message.type === 'pointers-read' && message.self.chord === first.chord) return undefined;
  return `${self.key} has a new successor ${first.key} that was not contacted, by ${message.type}`;
}

export const ringProgram: LaneProgram<RingHostConfig> = (setup) => {
  const { config, host, lane, startedAt } = setup;
  const { world, founding, successorsCount } = config;
  const membership = setup.wellKnown<MembershipMessage>(lane, at.membership);
  const founders = beginLane(world, setup);
  const peerConfig = { successorsCount, host, lane, startedAt, membership };
  const service = (): Pick<ChordPeerConfig, 'service' | 'listeners'> => {
    if (!config.hasService) return {};
    const keeper = setup.spawn(rangeKeeper, { world });
    return { service: keeper, listeners: [keeper] };
  };
  // Founders first: their addresses are known to the others by this order. Their services come before them, in pairs.
  for (const self of founders) {
    const chord = setup.spawn(watched(world), { ...peerConfig, ...service(), self, founding: founding! });
    if (chord !== self.chord) throw new Error(`a founder is at its address ${self.chord}, not ${chord}`);
  }
  spawnMembership(setup, founders);
  const joinersCount = founders.length > 0 ? 0 : config.joinersPerLane;
  for (let i = 0; i < joinersCount; i++) setup.spawn(watched(world), { ...peerConfig, ...service() });
  if (config.askEveryMs !== undefined)
    setup.spawn(lookupClient, { world, host, membership, everyMs: config.askEveryMs }, at.client);
};

/** One more peer on a lane that runs; it joins. */
export function addPeer(
  world: RingWorld,
  host: number,
  lane: number,
  config: RingHostConfig,
  places?: Omit<PlacerConfig, 'membership'>,
): void {
  const running = world.hosts[host]?.lanes[lane];
  if (running?.phase !== 'up') return;
  running.arrive(() => {
    const { kernel } = running;
    const real = membershipOf(running.host.number, lane);
    const membership =
      places === undefined ? real : (kernel.spawnRoot(placer, { ...places, membership: real }) as typeof real);
    const keeper = config.hasService ? kernel.spawnRoot(rangeKeeper, { world }) : undefined;
    const service = keeper === undefined ? {} : { service: keeper, listeners: [keeper] };
    const { successorsCount } = config;
    kernel.spawnRoot(watched(world), {
      successorsCount,
      host: running.host.number,
      lane,
      startedAt: config.lifeFrom.at,
      membership,
      ...service,
    });
  });
}

const membershipOf = (host: number, lane: number): Address<MembershipMessage> =>
  (host * 2 ** 36 + lane * 2 ** 28 + at.membership) as Address<MembershipMessage>;

interface PlacerConfig {
  readonly keys: readonly RingKey[];
  readonly contact: Member;
  readonly membership: Address<MembershipMessage>;
}

/** Stands between a joiner and its membership and gives the places that a history wants given. */
const placer: Behaviour<PlacerConfig & { given: number }, PlacePeer | PeerChanged, PlacerConfig> = {
  name: 'placer',
  mailbox: { messagesMax: 100, overflow: 'drop-newest' },
  init: (config) => ({ ...config, given: 0 }),
  step(state, { message }, out) {
    if (message.type === 'peer-changed') return out.send(state.membership, message);
    const key = state.keys[Math.min(state.given++, state.keys.length - 1)]!;
    out.send(message.chord, { type: 'peer-placed', key, contact: state.contact });
  },
};
