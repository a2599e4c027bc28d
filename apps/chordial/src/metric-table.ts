// What `/metrics` shows, and nothing else: each metric is chosen here, so that no client and no new field of an actor makes up
// a name. Counters are shown by lane, as a lane that is replaced begins at nought and a sum would seem to run backwards; what
// is counted now is summed over the lanes. What has no meaning as a sum of actors (an epoch, members known) is not here.
import { countedMethods } from '@chordial/dispatcher';
import type { LaneReport } from '@chordial/runtime';
import type { RepairStatus } from './repair-status.ts';

/** A counter's name ends in `_total`, and it has the label `lane`. */
export interface LaneMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly read: (lane: LaneReport) => number;
}

/** Read from `LaneReport.totals`. */
export interface ActorMetric {
  readonly actor: string;
  readonly field: string;
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  /** `field` is a record: one reading for each of its names that is allowed, under this label. */
  readonly label?: { readonly name: string; readonly allows: (value: string) => boolean };
}

const counter = (name: string, help: string, read: LaneMetric['read']): LaneMetric => {
  return { name: `chordial_lane_${name}_total`, kind: 'counter', help, read };
};
const gauge = (name: string, help: string, read: LaneMetric['read']): LaneMetric => {
  return { name: `chordial_lane_${name}`, kind: 'gauge', help, read };
};

export const laneMetrics: readonly LaneMetric[] = [
  gauge('up', '1 while the lane is in routing', ({ phase }) => (phase === 'up' ? 1 : 0)),
  gauge('heap_bytes', 'Heap and external memory of the lane', ({ heapBytes }) => heapBytes),
  gauge('timers', 'Timers pending on the lane', ({ timersCount }) => timersCount),
  counter('cpu_seconds', 'Processor time of the lane', ({ cpuMs }) => cpuMs / 1_000),
  counter('datagrams_received', 'Datagrams read', ({ udp }) => udp.received),
  counter('datagrams_sent', 'Datagrams sent', ({ udp }) => udp.sent),
  counter('datagrams_dropped', 'Datagrams that could not be sent', ({ udp }) => udp.dropped),
  counter('messages_sent', 'Messages to other lanes', ({ links }) => links.sent),
  counter('messages_refused', 'Messages to other lanes that found the link full', ({ links }) => links.refused),
  gauge('host_links', 'Links to other hosts that this lane opened and that are up', ({ hosts }) => hosts.linksUp),
  gauge('host_links_in', 'Links of other hosts that end at this lane', ({ hosts }) => hosts.linksIn),
  counter('host_messages_sent', 'Messages to other hosts', ({ hosts }) => hosts.sent),
  counter('host_messages_received', 'Messages from other hosts', ({ hosts }) => hosts.received),
  counter(
    'host_messages_refused',
    'Messages to other hosts that found no link or no room',
    ({ hosts }) => hosts.refused,
  ),
  counter('host_messages_relayed', 'Messages passed on to a third host', ({ hosts }) => hosts.relayed),
  counter('host_bytes_sent', 'Bytes to other hosts', ({ hosts }) => hosts.bytesSent),
  counter('host_bytes_received', 'Bytes from other hosts', ({ hosts }) => hosts.bytesReceived),
  counter('steps', 'Actor steps', ({ actors }) => actors.steps),
  counter('mailbox_dropped', 'Messages that found a mailbox full and were dropped', ({ actors }) => actors.dropped),
  counter('mailbox_refused', 'Messages that found a mailbox full and went back', ({ actors }) => actors.refused),
  counter('failures', 'Actors that failed', ({ actors }) => actors.failures),
];

/** Of the records of the host; undefined while it is not known. */
export interface StorageMetric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  readonly help: string;
  readonly read: (status: RepairStatus) => number | undefined;
}

const ofStorage = (kind: StorageMetric['kind']) => {
  return (name: string, help: string, read: StorageMetric['read']): StorageMetric => {
    return { kind, name: `chordial_${name}${kind === 'counter' ? '_total' : ''}`, help, read };
  };
};
const storageGauge = ofStorage('gauge');
const storageCounter = ofStorage('counter');
const sumOf = (status: RepairStatus, read: (lane: RepairStatus['lanes'][number]) => number): number =>
  status.lanes.reduce((sum, lane) => sum + read(lane), 0);

export const storageMetrics: readonly StorageMetric[] = [
  storageGauge('replica_drift', 'Ranges of this host whose group is not known to be the same', ({ drift }) => drift),
  storageGauge('replica_hints', 'Copies kept for hosts that are away', ({ replica }) => replica?.hintsCount),
  storageGauge(
    'replica_sessions',
    'Repairs with other hosts, under way and waiting',
    ({ replica }) => replica?.sessionsCount,
  ),
  storageCounter('repair_records_sent', 'Records sent to other hosts by repair', ({ replica }) => replica?.sentCount),
  storageCounter(
    'repair_records_taken',
    'Records taken from other hosts by repair',
    ({ replica }) => replica?.takenCount,
  ),
  storageCounter('replica_refused', 'Copies that the replica refused', ({ replica }) => replica?.refusedCount),
  storageCounter('read_repairs', 'Copies corrected as a read found them different', (status) =>
    sumOf(status, ({ readRepairsCount }) => readRepairsCount),
  ),
  storageCounter('records_refused', 'Operations on records that were refused', (status) =>
    sumOf(status, ({ refusedCount }) => refusedCount),
  ),
  storageGauge('store_records', 'Records in the store of this host', ({ store }) => store?.recordsCount),
  storageGauge('store_bytes', 'Bytes of the store of this host', ({ store }) => store?.bytes),
  storageCounter('store_damaged', 'Records found damaged since the start', ({ store }) => store?.damagedCount),
  storageGauge('store_trouble', '1 while the store cannot do all its work: see /healthz', ({ store }) =>
    store === undefined || store.trouble !== '' ? 1 : 0,
  ),
];

const of = (actor: string, kind: ActorMetric['kind']) => {
  return (field: string, name: string, help: string, label?: ActorMetric['label']): ActorMetric => {
    const metric = { actor, field, kind, name: `chordial_${name}${kind === 'counter' ? '_total' : ''}`, help };
    return label === undefined ? metric : { ...metric, label };
  };
};
const transportCounter = of('sip-transport', 'counter');
const dispatcherCounter = of('dispatcher', 'counter');
const transactionCounter = of('sip-transaction', 'counter');
const transactionGauge = of('sip-transaction', 'gauge');
const locationGauge = of('location', 'gauge');
const chordGauge = of('chord-peer', 'gauge');
const membershipCounter = of('membership', 'counter');

const method = { name: 'method', allows: (value: string) => countedMethods.includes(value) };
const status = { name: 'status', allows: (value: string) => /^[1-6]\d\d$/.test(value) };

export const actorMetrics: readonly ActorMetric[] = [
  locationGauge('usersCount', 'users', 'Users with bindings'),
  locationGauge('bindingsCount', 'bindings', 'Bindings of all users'),
  of('registrar', 'gauge')('pendingCount', 'registrar_pending', 'Requests that wait for the bindings of their user'),

  of('store', 'counter')('commits', 'store_commits', 'Transactions of the store of records and of that of votes'),
  of('store', 'gauge')('waiting', 'store_jobs_waiting', 'Jobs that wait for the store'),
  chordGauge('membersCount', 'peers_in_ring', 'Peers of this host that are members of the ring'),
  chordGauge('ownersCount', 'peers_owning', 'Peers of this host that own a range'),
  membershipCounter('probes', 'membership_probes', 'Probes of other hosts'),
  membershipCounter('suspicions', 'membership_suspicions', 'Hosts taken out of routing as they did not answer'),
  membershipCounter('refutations', 'membership_refutations', 'Suspicions of this host that it refuted'),
  membershipCounter('relays', 'membership_relays', 'Times that a host was reached through another one only'),
  membershipCounter('refused', 'membership_refused', 'What was not kept for want of room'),

  transportCounter('passedToEdge', 'transport_passed_to_edge', 'Answers passed to the host that read the request'),
  transportCounter('edgesRefused', 'transport_edges_refused', 'Answers whose host could not be reached'),
  transportCounter('keepAlives', 'transport_keep_alives', 'Keep-alives received'),
  transportCounter('handedOver', 'transport_handed_over', 'Datagrams given to another lane, as this one was behind'),
  transportCounter('messagesRefused', 'transport_refused', 'Messages dropped, as the dispatcher had too much to do'),
  transportCounter('foreign', 'transport_foreign', 'Datagrams dropped that are not SIP'),
  transportCounter('tooLong', 'transport_too_long', 'Datagrams dropped that are longer than the limit'),
  transportCounter('unanswerable', 'transport_unanswerable', 'Datagrams dropped that came from port 0'),
  transportCounter('socketErrors', 'transport_socket_errors', 'Errors of the bound socket'),

  dispatcherCounter('methods', 'requests', 'Whole requests from the network but ACK, unknown methods as other', method),
  dispatcherCounter('answered', 'dispatcher_answers', 'Answers given without a transaction', status),
  dispatcherCounter('served', 'dispatcher_served', 'Requests passed to the transactions of the lane'),
  dispatcherCounter('forwarded', 'dispatcher_forwarded', 'Requests passed to another lane'),
  dispatcherCounter('taken', 'dispatcher_taken', 'Requests taken from another lane'),
  dispatcherCounter('lookups', 'dispatcher_lookups', 'Owners asked of the ring by fingers'),
  dispatcherCounter('rested', 'dispatcher_rested', 'Requests that waited while the ring did not agree on their owner'),
  dispatcherCounter('hopsExceeded', 'dispatcher_hops_exceeded', 'Requests answered 503 after too many hops'),
  dispatcherCounter('responses', 'dispatcher_responses_dropped', 'Responses received and dropped'),
  dispatcherCounter('acks', 'dispatcher_acks_dropped', 'ACKs received and dropped'),
  dispatcherCounter('malformed', 'dispatcher_malformed', 'Requests dropped as too broken to be answered'),
  dispatcherCounter('refused', 'dispatcher_refused', 'Requests that found a mailbox or a link full'),
  dispatcherCounter('answersLate', 'dispatcher_lookups_late', 'Answers of the ring that came too late'),

  transactionGauge('transactions', 'transactions', 'Transactions kept, ended ones until Timer J'),
  transactionGauge('open', 'transactions_open', 'Transactions that wait for their answer'),
  transactionGauge('storeBytes', 'transaction_store_bytes', 'Memory set apart for responses kept'),
  transactionGauge('usedBytes', 'transaction_store_used_bytes', 'Memory in use for responses kept'),
  transactionCounter('started', 'transactions_started', 'Transactions begun'),
  transactionCounter('completed', 'transactions_completed', 'Transactions answered with a final response'),
  transactionCounter('absorbed', 'transaction_absorbed', 'Retransmissions before the answer'),
  transactionCounter('resent', 'transaction_resent', 'Retransmissions answered with the response kept'),
  transactionCounter('overload', 'transaction_overload', 'Requests answered 503 for want of room'),
  transactionCounter(
    'refused',
    'transaction_refused',
    'Requests answered 503, as the mailbox of their service was full',
  ),
  transactionCounter('answersLate', 'transaction_answers_late', 'Answers to transactions that were over'),
  transactionCounter('abandoned', 'transactions_abandoned', 'Transactions not answered within 64*T1'),
  transactionCounter(
    'endedEarly',
    'transactions_ended_early',
    'Answered transactions given up before Timer J for want of room',
  ),
  transactionCounter('abandonedEarly', 'transactions_abandoned_early', 'Open transactions given up for want of room'),
];
