// The wiring of one lane: which actors it has, with which numbers, and who knows whom. Runs on every lane of a host, and again when
// a lane is replaced; under the simulator as well as under the runtime.
import type { LaneProgram } from '@chordial/actor';
import { chordPeer } from '@chordial/chord/behaviour';
import { dispatcher } from '@chordial/dispatcher/behaviour';
import type { AttachPeers, DispatcherMessage } from '@chordial/dispatcher/protocol';
import { defaultLocationConfig } from '@chordial/location';
import { location } from '@chordial/location/behaviour';
import { membership } from '@chordial/membership/behaviour';
import type { MembershipMessage } from '@chordial/membership/protocol';
import { defaultRegistrarLimits } from '@chordial/registrar';
import { registrar } from '@chordial/registrar/behaviour';
import { sipTransaction } from '@chordial/sip-transaction/behaviour';
import type { SipTransactionMessage } from '@chordial/sip-transaction/protocol';
import { sipTransport } from '@chordial/sip-transport/behaviour';
import type { SipTransportMessage } from '@chordial/sip-transport/protocol';
import { endpointText } from './endpoint.ts';
import { at, chordAddress, type HostConfig, locationAddress, peersOfLane, ringOf } from './layout.ts';
import type { PeersReady } from './protocol.ts';
import { ringReporter } from './ring-reporter.ts';

/** Datagrams waiting behind one another from which a lane shares them with the others. */
const handOverBacklogMin = 32;
/** Longer than any chain of fingers in a ring of 2^20 peers. */
const hopsMax = 24;
const layOutLane: LaneProgram<HostConfig> = (setup) => {
  const { config, host, lane, lanesCount, ports, startedAt } = setup;
  // Whoever comes back is a joiner: the ring has gone on without it. Only a ring of one lane has nobody to join.
  const founds = config.foundedAt !== undefined && (!setup.restarted || (config.isAlone === true && lanesCount === 1));
  const founding = founds ? ringOf(config, host) : undefined;
  const founders = founding?.members.filter((member) => member.lane === lane) ?? [];
  const otherLanes = Array.from({ length: lanesCount }, (_, other) => other).filter((other) => other !== lane);
  const indices = Array.from({ length: peersOfLane(config, lane) }, (_, index) => index);
  const members = setup.wellKnown<MembershipMessage>(lane, at.membership);
  const front = setup.wellKnown<DispatcherMessage>(lane, at.dispatcher);
  const transport = setup.wellKnown<SipTransportMessage>(lane, at.transport);
  const transaction = setup.wellKnown<SipTransactionMessage>(lane, at.transaction);
  const owner = ports.gateway;

  setup.spawn(sipTransaction, { transport, secret: config.secret, server: 'Chordial' }, at.transaction);
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
      owner,
      leader: setup.wellKnown<MembershipMessage>(0, at.membership),
      at: at.membership,
      seeds: config.ring?.seeds ?? [],
      founders,
    },
    at.membership,
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
    const records = setup.spawn(location, { ...defaultLocationConfig, usersMax: config.usersMax });
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
      listeners: [front, records],
      service: records,
    });
    if (spawned !== chord) throw new Error('chord peers follow the locations and registrars of a lane');
  });
  setup.spawn(ringReporter, { host, lane, membership: members, owner }, at.reporter);
  const ready: PeersReady = { type: 'peers-ready', lane, peers: peers.map(({ chord, records }) => [chord, records]) };
  setup.send(owner, ready);
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
};

export default layOutLane;
