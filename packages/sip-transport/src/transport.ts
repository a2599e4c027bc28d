// The core of SIP over UDP, one per lane (RFC 3261 18): binds the shared port, passes messages up with the flow they came by
// and sends messages down. A lane that falls behind hands surplus datagrams, unparsed, to its siblings in turn, so that
// one busy trunk, which the kernel feeds to one socket, still uses all lanes (DESIGN section 4).
import type { Address, Birth, Outbox, Received } from '@chordial/actor';
import type { DatagramReceived, MessageRefused, UdpBound, UdpFailed, UdpRequest } from '@chordial/actor/protocol';
import { canonicalAddress, socketAddress } from './address-text.ts';
import { classifyDatagram, skipEmptyLines } from './datagram.ts';
import type {
  HandOverDatagram,
  SendMessage,
  SipTransportEvent,
  SipTransportMessage,
  SipTransportState,
} from './protocol.ts';

export interface SipTransportConfig {
  /** `port` 0 lets the system choose; with `shared` all lanes bind the same port. */
  readonly listen: { readonly address: string; readonly port: number; readonly shared: boolean };
  readonly udp: Address<UdpRequest>;
  /** Hears every message that arrives. */
  readonly dispatcher: Address<SipTransportEvent>;
  /** Hears whether the socket could be bound. */
  readonly owner: Address<SipTransportState>;
  /** The transports of the other lanes. */
  readonly siblings: readonly Address<HandOverDatagram>[];
  /** With at least this many datagrams waiting behind one, the lane shares. */
  readonly handOverBacklogMin: number;
  readonly messageBytesMax?: number;
}

/** All only grow. */
export interface SipTransportCounts {
  received: number;
  sent: number;
  keepAlives: number;
  handedOver: number;
  /** Came from another lane. */
  takenOver: number;
  /** The link to the sibling was full, so the datagram was served here. */
  handOversRefused: number;
  /** Passed to the transport of another host, whose client it is; and came back, as that host cannot be reached. */
  passedToEdge: number;
  edgesRefused: number;
  /** Came back because the dispatcher has too much to do; the client retransmits. */
  messagesRefused: number;
  /** Dropped: not SIP, longer than the limit, from port 0, sent before the socket was bound. */
  foreign: number;
  tooLong: number;
  unanswerable: number;
  unbound: number;
  socketErrors: number;
}

export interface State {
  readonly self: Address<SendMessage>;
  readonly config: SipTransportConfig;
  readonly messageBytesMax: number;
  /** 0 until bound. */
  socket: number;
  ipv6: boolean;
  /** Whose turn it is to take a datagram while sharing; 0 is this lane. */
  turn: number;
  readonly counts: SipTransportCounts;
}

const MESSAGE_BYTES_MAX = 65_535;

export function initTransport(config: SipTransportConfig, birth: Birth<SipTransportMessage>, out: Outbox): State {
  const { address, port, shared } = config.listen;
  out.send(config.udp, { type: 'bind-udp', replyTo: birth.self, address, port, shared });
  return {
    self: birth.self,
    config,
    messageBytesMax: Math.min(config.messageBytesMax ?? MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX),
    socket: 0,
    ipv6: false,
    turn: 0,
    counts: {
      received: 0,
      sent: 0,
      keepAlives: 0,
      handedOver: 0,
      takenOver: 0,
      handOversRefused: 0,
      passedToEdge: 0,
      edgesRefused: 0,
      messagesRefused: 0,
      foreign: 0,
      tooLong: 0,
      unanswerable: 0,
      unbound: 0,
      socketErrors: 0,
    },
  };
}

export function stepTransport(
  state: State,
  { message }: Received<SipTransportMessage | MessageRefused>,
  out: Outbox,
): void {
  switch (message.type) {
    case 'datagram-received':
      onDatagramReceived(state, message, out);
      break;
    case 'send-message':
      onSendMessage(state, message, out);
      break;
    case 'hand-over-datagram':
      state.counts.takenOver++;
      passUp(state, message, out);
      break;
    case 'udp-bound':
      onUdpBound(state, message, out);
      break;
    case 'udp-failed':
      onUdpFailed(state, message, out);
      break;
    case 'message-refused':
      onMessageRefused(state, message, out);
      break;
    default:
      message satisfies never;
  }
}

function onDatagramReceived(state: State, datagram: DatagramReceived, out: Outbox): void {
  state.counts.received++;
  const sibling = siblingFor(state, datagram.backlog);
  if (sibling === undefined) {
    passUp(state, datagram, out);
    return;
  }
  state.counts.handedOver++;
  const { bytes, start, end, address, port } = datagram;
  out.send(sibling, { type: 'hand-over-datagram', bytes, start, end, address, port });
}

/** While the lane is behind, it and its siblings take turns. */
function siblingFor(state: State, backlog: number): Address<HandOverDatagram> | undefined {
  const { siblings, handOverBacklogMin } = state.config;
  if (backlog < handOverBacklogMin || siblings.length === 0) return undefined;
  state.turn = state.turn === siblings.length ? 0 : state.turn + 1;
  return state.turn === 0 ? undefined : siblings[state.turn - 1];
}

/** A datagram is handed over once at most: what came by a sibling, or came back from one, is served here. */
function onMessageRefused(state: State, { message }: MessageRefused, out: Outbox): void {
  if (message.type === 'message-received') state.counts.messagesRefused++;
  if (message.type === 'send-message') state.counts.edgesRefused++;
  if (message.type !== 'hand-over-datagram') return;
  state.counts.handOversRefused++;
  passUp(state, message as HandOverDatagram, out);
}

function passUp(state: State, datagram: DatagramReceived | HandOverDatagram, out: Outbox): void {
  const { counts } = state;
  const { bytes, end, port } = datagram;
  const start = skipEmptyLines(bytes, datagram.start, end);
  const found = classifyDatagram(bytes, start, end);
  if (found === 'keep-alive') counts.keepAlives++;
  else if (found === 'foreign') counts.foreign++;
  else if (end - start > state.messageBytesMax) counts.tooLong++;
  else if (port === 0) counts.unanswerable++;
  else {
    const flow = { transport: 'udp', address: canonicalAddress(datagram.address), port } as const;
    out.send(state.config.dispatcher, { type: 'message-received', bytes, start, end, flow });
  }
}

function onSendMessage(state: State, { bytes, start, end, flow }: SendMessage, out: Outbox): void {
  const { edge } = flow;
  if (edge !== undefined && edge !== state.self) {
    passToEdge(state, edge, { type: 'send-message', bytes, start, end, flow }, out);
    return;
  }
  if (state.socket === 0) {
    state.counts.unbound++;
    return;
  }
  state.counts.sent++;
  out.send(state.config.udp, {
    type: 'send-datagram',
    socket: state.socket,
    address: socketAddress(flow.address, state.ipv6),
    port: flow.port,
    bytes,
    start,
    end,
  });
}

/** The client has talked to that host's socket only. The flow arrives without its edge, so that a message is passed on once. */
function passToEdge(state: State, edge: Address<SendMessage>, message: SendMessage, out: Outbox): void {
  state.counts.passedToEdge++;
  const { address, port } = message.flow;
  out.send(edge, { ...message, flow: { transport: 'udp', address, port } });
}

function onUdpBound(state: State, { socket, address, port }: UdpBound, out: Outbox): void {
  state.socket = socket;
  state.ipv6 = address.indexOf(':') >= 0;
  out.send(state.config.owner, { type: 'transport-ready', address, port });
}

/** An error of a bound socket concerns one datagram (ICMP, a full buffer): SIP's own retransmissions make up for it. */
function onUdpFailed(state: State, { socket, code, sentence }: UdpFailed, out: Outbox): void {
  if (socket !== 0) {
    state.counts.socketErrors++;
    return;
  }
  const { address, port } = state.config.listen;
  out.send(state.config.owner, { type: 'transport-failed', address, port, code, sentence });
}
