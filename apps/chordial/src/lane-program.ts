// The wiring of one lane: which actors it has, with which numbers, and who knows whom. Runs on every lane of a host, and again when
// a lane is replaced; under the simulator as well as under the runtime.
import type { Address, LaneProgram } from '@chordial/actor';
import { chordMembership, chordPeer } from '@chordial/chord/behaviour';
import type { MembershipMessage } from '@chordial/chord/protocol';
import { dispatcher } from '@chordial/dispatcher/behaviour';
import type { AttachPeers, DispatcherMessage } from '@chordial/dispatcher/protocol';
import { defaultLocationConfig } from '@chordial/location';
import { location } from '@chordial/location/behaviour';
import type { LocationMessage } from '@chordial/location/protocol';
import { defaultRegistrarLimits } from '@chordial/registrar';
import { registrar } from '@chordial/registrar/behaviour';
import { sipTransaction } from '@chordial/sip-transaction/behaviour';
import type { SipTransactionMessage } from '@chordial/sip-transaction/protocol';
import { sipTransport } from '@chordial/sip-transport/behaviour';
import type { SipTransportMessage } from '@chordial/sip-transport/protocol';
import { at, type HostConfig, ringOf, usersMaxOf } from './layout.ts';
import type { PeersReady } from './protocol.ts';

/** Datagrams waiting behind one another from which a lane shares them with the others. */
const handOverBacklogMin = 32;
/** Longer than any chain of fingers in a ring of 2^20 peers. */
const hopsMax = 24;
const layOutLane: LaneProgram<HostConfig> = (setup) => {
  const { config, lane, lanesCount, ports } = setup;
  const ring = ringOf(config);
  const here = ring.members.filter((member) => member.lane === lane);
  const otherLanes = Array.from({ length: lanesCount }, (_, other) => other).filter((other) => other !== lane);
  const membership = setup.wellKnown<MembershipMessage>(lane, at.membership);
  const front = setup.wellKnown<DispatcherMessage>(lane, at.dispatcher);
  const transport = setup.wellKnown<SipTransportMessage>(lane, at.transport);
  const transaction = setup.wellKnown<SipTransactionMessage>(lane, at.transaction);

  // Chord peers first: their addresses are known to the other lanes by this order.
  const peers = here.map((self) => ({ self, chord: setup.spawn(chordPeer, { self, founding: ring }) }));
  peers.forEach(({ self, chord }) => {
    if (chord !== self.chord) throw new Error('chord peers are the first roots of a lane');
  });
  setup.spawn(chordMembership, { founding: ring }, at.membership);
  setup.spawn(sipTransaction, { transport, secret: config.secret, server: 'Chordial' }, at.transaction);
  setup.spawn(
    dispatcher,
    {
      domains: [...config.domains, ...config.aliases],
      lane,
      routing: config.routing,
      membership,
      owner: ports.gateway,
      // A lane without peers asks one of another lane.
      chord: (here[0] ?? ring.members[0]!).chord,
      dispatchers: Array.from({ length: lanesCount }, (_, other) =>
        setup.wellKnown<DispatcherMessage>(other, at.dispatcher),
      ),
      transport,
      transaction,
      hopsMax,
      secret: config.secret,
      server: 'Chordial',
    },
    at.dispatcher,
  );
  const served = peers.map(({ self: { key } }) => {
    const records: Address<LocationMessage> = setup.spawn(location, {
      ...defaultLocationConfig,
      usersMax: usersMaxOf(ring, key, config.usersMax),
    });
    const service = setup.spawn(registrar, {
      ...defaultRegistrarLimits,
      supportedOptions: [],
      location: records,
    });
    return { key, records, service };
  });
  const attach: AttachPeers = { type: 'attach-peers', peers: served.map(({ key, service }) => [key, service]) };
  setup.send(front, attach);
  const ready: PeersReady = { type: 'peers-ready', lane, peers: served.map(({ key, records }) => [key, records]) };
  setup.send(ports.gateway, ready);
  // The socket last: the first request finds everything in place.
  setup.spawn(
    sipTransport,
    {
      listen: { ...config.listen, shared: config.shared },
      udp: ports.udp,
      dispatcher: front,
      owner: ports.gateway,
      siblings: otherLanes.map((other) => setup.wellKnown<SipTransportMessage>(other, at.transport)),
      handOverBacklogMin,
    },
    at.transport,
  );
};

export default layOutLane;
