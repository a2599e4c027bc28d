// The server of the ping-pong ledger: on each lane an edge with a shared udp socket, and a keeper that answers for its share of the
// clients. A client counts on only after an acknowledgement, so a keeper that hears count n + 2 after n knows that an
// acknowledged write was lost; that is its invariant.
import type { Address, Behaviour, LaneProgram, Outbox } from '@chordial/actor';
import type { DiskEvent, DiskRequest, UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import {
  edgeWords,
  type Keep,
  type Kept,
  keeperWords,
  readRecord,
  recordBytes,
  writeRecord,
} from './ledger-protocol.ts';

export const ledgerPort = 4_000;
const keeperAt = 16;
const readBytesMax = 8 * 1_024 * 1_024;
const readAgainMs = 500;

export interface LedgerConfig {
  /** The planted mistake: acknowledges before the write is durable. */
  readonly isHasty: boolean;
}

interface KeeperConfig extends LedgerConfig {
  readonly disk: Address<DiskRequest>;
  readonly file: string;
}
interface KeeperState extends KeeperConfig {
  readonly self: Address<DiskEvent>;
  /** Highest durable count by client. */
  readonly durable: Map<number, number>;
  /** Writes under way by correlation. */
  readonly pending: Map<number, Keep>;
  isReady: boolean;
  correlationNext: number;
  broken: string | undefined;
}
type KeeperMessage = Keep | DiskEvent | { readonly type: 'read-again-due' };

const restoring = 0;

const keeper: Behaviour<KeeperState, KeeperMessage, KeeperConfig> = {
  name: 'keeper',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: keeperWords as Behaviour<KeeperState, KeeperMessage, KeeperConfig>['words'] & object,
  init(config, { self }, out) {
    const state: KeeperState = {
      ...config,
      self,
      durable: new Map(),
      pending: new Map(),
      isReady: false,
      correlationNext: 1,
      broken: undefined,
    };
    read(state, out);
    return state;
  },
  step(state, { message }, out) {
    switch (message.type) {
      case 'keep':
        if (state.isReady) onKeep(state, message, out);
        return;
      case 'file-read':
        onFileRead(state, message, out);
        return;
      case 'disk-done':
        onDiskDone(state, message.correlation, out);
        return;
      case 'disk-failed':
        state.pending.delete(message.correlation);
        if (message.correlation === restoring) out.setTimer(readAgainMs, { type: 'read-again-due' });
        return;
      case 'read-again-due':
        read(state, out);
        return;
      default:
        message satisfies never;
    }
  },
  invariants: (state) => state.broken,
};

function read(state: KeeperState, out: Outbox): void {
  const { file, self: replyTo } = state;
  out.send(state.disk, { type: 'read-file', replyTo, correlation: restoring, file, offset: 0, bytesMax: readBytesMax });
}

function onFileRead(
  state: KeeperState,
  { bytes, start, end }: Extract<DiskEvent, { type: 'file-read' }>,
  out: Outbox,
): void {
  const whole = start + Math.floor((end - start) / recordBytes) * recordBytes;
  for (let at = start; at < whole; at += recordBytes) {
    const { client, count } = readRecord(bytes, at);
    state.durable.set(client, Math.max(count, state.durable.get(client) ?? 0));
  }
  if (whole === end) {
    state.isReady = true;
    return;
  }
  // The last append was torn by a crash: what it wrote is cut off before anything follows it.
  const { file, self: replyTo } = state;
  out.send(state.disk, { type: 'replace-file', replyTo, correlation: restoring, file, bytes, start, end: whole });
}

function onKeep(state: KeeperState, message: Keep, out: Outbox): void {
  const { client, count } = message;
  const known = state.durable.get(client) ?? 0;
  if (count > known + 1) {
    state.broken = `client ${client} counted to ${count}, so ${count - 1} was acknowledged, but only ${known} was kept`;
  } else if (count <= known) {
    acknowledge(message, out);
  } else {
    for (const other of state.pending.values()) if (other.client === client) return;
    const correlation = state.correlationNext++;
    state.pending.set(correlation, message);
    const bytes = writeRecord(client, count);
    const { file, self: replyTo } = state;
    out.send(state.disk, { type: 'append-file', replyTo, correlation, file, bytes, start: 0, end: bytes.length });
    if (state.isHasty) acknowledge(message, out);
  }
}

function onDiskDone(state: KeeperState, correlation: number, out: Outbox): void {
  if (correlation === restoring) {
    state.isReady = true;
    return;
  }
  const message = state.pending.get(correlation);
  if (message === undefined) return;
  state.pending.delete(correlation);
  state.durable.set(message.client, message.count);
  if (!state.isHasty) acknowledge(message, out);
}

function acknowledge({ client, count, replyTo, address, port }: Keep, out: Outbox): void {
  out.send(replyTo, { type: 'kept', client, count, address, port });
}

interface EdgeConfig {
  readonly udp: Address<UdpRequest>;
  readonly keepers: readonly Address<Keep>[];
}
interface EdgeState extends EdgeConfig {
  readonly self: Address<EdgeMessage>;
  socket: number;
}
type EdgeMessage = UdpEvent | Kept;

const edge: Behaviour<EdgeState, EdgeMessage, EdgeConfig> = {
  name: 'edge',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  words: edgeWords as Behaviour<EdgeState, EdgeMessage, EdgeConfig>['words'] & object,
  init(config, { self }, out) {
    const request = { replyTo: self, address: '0.0.0.0', port: ledgerPort, shared: true };
    out.send(config.udp, { type: 'bind-udp', ...request });
    return { ...config, self, socket: 0 };
  },
  step(state, { message }, out) {
    switch (message.type) {
      case 'udp-bound':
        state.socket = message.socket;
        return;
      case 'datagram-received': {
        if (message.end - message.start !== recordBytes) return;
        const { client, count } = readRecord(message.bytes, message.start);
        const { address, port } = message;
        const to = state.keepers[client % state.keepers.length]!;
        out.send(to, { type: 'keep', client, count, replyTo: state.self, address, port });
        return;
      }
      case 'kept': {
        const bytes = writeRecord(message.client, message.count);
        const { address, port } = message;
        const { socket } = state;
        out.send(state.udp, { type: 'send-datagram', socket, address, port, bytes, start: 0, end: bytes.length });
        return;
      }
      case 'udp-failed':
        return;
      default:
        message satisfies never;
    }
  },
};

export const ledgerServer: LaneProgram<LedgerConfig> = ({ lane, lanesCount, ports, spawn, wellKnown, config }) => {
  spawn(keeper, { ...config, disk: ports.disk, file: `ledger-${lane}` }, keeperAt);
  const keepers = Array.from({ length: lanesCount }, (_, other) => wellKnown<Keep>(other, keeperAt));
  spawn(edge, { udp: ports.udp, keepers });
};
