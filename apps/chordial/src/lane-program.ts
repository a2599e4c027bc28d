// The wiring of one lane: which actors it has, with which numbers, and who knows whom. Runs on every lane of a host, and again when
// a lane is replaced; under the simulator as well as under the runtime.
import type { LaneProgram, LaneSetup } from '@chordial/actor';
import type { FoundingRing } from '@chordial/chord';
import { chordPeer } from '@chordial/chord/behaviour';
import type { Member } from '@chordial/chord/protocol';
import { dispatcher } from '@chordial/dispatcher/behaviour';
import type { AttachPeers, DispatcherMessage } from '@chordial/dispatcher/protocol';
import { defaultLocationConfig } from '@chordial/location';
import { location } from '@chordial/location/behaviour';
import { membership } from '@chordial/membership/behaviour';
import type { MembershipMessage } from '@chordial/membership/protocol';
import { defaultRegistrarLimits } from '@chordial/registrar';
import { registrar } from '@chordial/registrar/behaviour';
import { defaultCoordinatorLimits } from '@chordial/replication';
import { coordinator } from '@chordial/replication/behaviour';
import type { CoordinatorMessage, ReplicaMessage } from '@chordial/replication/protocol';
import { sipTransaction } from '@chordial/sip-transaction/behaviour';
import type { SipTransactionMessage } from '@chordial/sip-transaction/protocol';
import { sipTransport } from '@chordial/sip-transport/behaviour';
import type { SipTransportMessage } from '@chordial/sip-transport/protocol';
import { endpointText } from './endpoint.ts';
import { at, chordAddress, type HostConfig, locationAddress, peersOfLane, ringOf, storeLaneOf } from './layout.ts';
import { ringReporter } from './ring-reporter.ts';
import { layOutStore, type PostgresMaker } from './store-program.ts';
import { tables } from './tables.ts';

/** Datagrams waiting behind one another from which a lane shares them with the others. */
const handOverBacklogMin = 32;
/** Whoever does not answer by then is stood in for, so that a phone hears before it sends again (T1, 500 ms: RFC 3261 17.1.1.1). */
const copyMsMax = 200;
/** Longer than any chain of fingers in a ring of 2^20 peers. */
const hopsMax = 24;

function layOutLane(setup: LaneSetup<HostConfig>, postgres: PostgresMaker | undefined): void {
  const { config, host, lane } = setup;
  // Whoever comes back is a joiner: the ring has gone on without it. Only a ring of one lane has nobody to join.
  const mayFind = !setup.restarted || (config.isAlone === true && config.lanesCount === 1);
  const founding = config.foundedAt !== undefined && mayFind ? ringOf(config, host) : undefined;
  const founders = founding?.members.filter((member) => member.lane === lane) ?? [];
  layOutMembership(setup, founders);
  layOutStore(setup, postgres);
  if (lane < config.lanesCount) layOutService(setup, founding, founders);
}

/** On the storage lane too: its replica must know the ring, and its links the ways to other hosts. */
function layOutMembership(setup: LaneSetup<HostConfig>, founders: readonly Member[]): void {
  const { config, host, lane, lanesCount, ports, startedAt } = setup;
  setup.spawn(
    membership,
    {
      host,
      lane,
      lanesCount,
      startedAt,
      address: config.ring?.address ?? '',
      port: config.ring?.port ?? 0,
      fingerprint: config.ring?.fingerprint ?? '',
      sip: `udp:${endpointText(config.listen)}`,
      hostsPort: ports.hosts,
      ...(lane === 0 && config.isKept === true ? { disk: ports.disk } : {}),
      owner: ports.gateway,
      leader: setup.wellKnown<MembershipMessage>(0, at.membership),
      at: at.membership,
      seeds: config.ring?.seeds ?? [],
      founders,
    },
    at.membership,
  );
}

function layOutService(
  setup: LaneSetup<HostConfig>,
  founding: FoundingRing | undefined,
  founders: readonly Member[],
): void {
  const { config, host, lane, ports, startedAt } = setup;
  const { lanesCount } = config;
  const otherLanes = Array.from({ length: lanesCount }, (_, other) => other).filter((other) => other !== lane);
  const indices = Array.from({ length: peersOfLane(config, lane) }, (_, index) => index);
  const members = setup.wellKnown<MembershipMessage>(lane, at.membership);
  const front = setup.wellKnown<DispatcherMessage>(lane, at.dispatcher);
  const transport = setup.wellKnown<SipTransportMessage>(lane, at.transport);
  const transaction = setup.wellKnown<SipTransactionMessage>(lane, at.transaction);
  const store = setup.wellKnown<CoordinatorMessage>(lane, at.coordinator);
  const owner = ports.gateway;

  setup.spawn(sipTransaction, { transport, secret: config.secret, server: 'Chordial' }, at.transaction);
  setup.spawn(
    coordinator,
    {
      ...defaultCoordinatorLimits,
      copyMsMax,
      host,
      lane,
      startedAt,
      replica: setup.wellKnown<ReplicaMessage>(storeLaneOf(config), at.replica),
      replicaOf: (other) => setup.wellKnown<ReplicaMessage>(0, at.replica, other),
      membership: members,
      tables,
    },
    at.coordinator,
  );
  // A lane without peers asks one of another lane.
  const chordNear = chordAddress(config, host, indices.length > 0 ? lane : 0, 0);
  setup.spawn(
    dispatcher,
    {
      domains: [...config.domains, ...config.aliases],
      routing: config.routing,
      membership: members,
      owner,
      chord: chordNear,
      transport,
      transaction,
      hopsMax,
      secret: config.secret,
      server: 'Chordial',
    },
    at.dispatcher,
  );
  const peers = indices.map((index) => {
    const records = setup.spawn(location, { ...defaultLocationConfig, usersMax: config.usersMax, store });
    if (records !== locationAddress(host, lane, index)) throw new Error('locations are the first roots of a lane');
    const service = setup.spawn(registrar, { ...defaultRegistrarLimits, supportedOptions: [], location: records });
    return { chord: chordAddress(config, host, lane, index), records, service };
  });
  // Before the peers that say what they own.
  const attach: AttachPeers = { type: 'attach-peers', peers: peers.map(({ chord, service }) => [chord, service]) };
  setup.send(front, attach);
  peers.forEach(({ chord, records }, index) => {
    const self = founders[index];
    const spawned = setup.spawn(chordPeer, {
      ...(self === undefined || founding === undefined ? { host, lane, startedAt } : { self, founding }),
      membership: members,
      listeners: [front, store, records],
      service: store,
    });
    if (spawned !== chord) throw new Error('chord peers follow the locations and registrars of a lane');
  });
  setup.spawn(ringReporter, { host, lane, membership: members, owner }, at.reporter);
  // The socket last: the first request finds everything in place.
  setup.spawn(
    sipTransport,
    {
      listen: { ...config.listen, shared: config.shared },
      udp: ports.udp,
      dispatcher: front,
      owner,
      siblings: otherLanes.map((other) => setup.wellKnown<SipTransportMessage>(other, at.transport)),
      handOverBacklogMin,
    },
    at.transport,
  );
}

/** The program of hosts that keep their records in PostgreSQL brings the engine with it. */
export const laneProgramWith =
  (postgres: PostgresMaker): LaneProgram<HostConfig> =>
  (setup) =>
    layOutLane(setup, postgres);

const laneProgram: LaneProgram<HostConfig> = (setup) => layOutLane(setup, undefined);
export default laneProgram;
