// A phone of the scenario `register`: registers, refreshes, asks and unregisters by the dice, retransmits as RFC 3261 17.1.2 says
// (T1 500 ms, T2 4 s, Timer F 32 s), and judges every answer it gets.
import type { Address, Behaviour, LaneProgram, Outbox, TimerId } from '@chordial/actor';
import type { DatagramReceived, UdpEvent, UdpRequest } from '@chordial/actor/protocol';
import { createRandom, nextBelow, type Random } from '@chordial/actor/random';
import { parseMessage, type SipMessage } from '@chordial/sip-parser';

export interface PhoneLog {
  /** What the last answered request leaves at the owner; `unknown` while one is under way or after one failed. */
  bound: 'yes' | 'no' | 'unknown';
  answered: number;
  /** 503 and 504: the service said that it could not. */
  unavailable: number;
  /** No answer within 32 s. */
  timeouts: number;
  /** The first answer that must not be. */
  broken: string | undefined;
}

export interface PhoneConfig {
  readonly user: string;
  readonly domain: string;
  readonly server: string;
  readonly port: number;
  readonly expiresSeconds: number;
  readonly pauseMsMax: number;
  readonly log: PhoneLog;
}

type Wish = 'register' | 'unregister' | 'query';
interface Pending {
  readonly wish: Wish;
  readonly bytes: Uint8Array;
  readonly branch: string;
  readonly timeout: TimerId;
  retryMs: number;
  retry: TimerId;
}
interface PhoneState extends PhoneConfig {
  readonly udp: Address<UdpRequest>;
  readonly random: Random;
  socket: number;
  cseq: number;
  pending: Pending | undefined;
}
type PhoneMessage =
  | UdpEvent
  | { readonly type: 'wish-due' }
  | { readonly type: 'timer-e-due' }
  | { readonly type: 'timer-f-due' };

const t1Ms = 500;
const t2Ms = 4_000;
const pauseMsMin = 1_000;

const phone: Behaviour<PhoneState, PhoneMessage, PhoneConfig & { readonly udp: Address<UdpRequest> }> = {
  name: 'phone',
  mailbox: { messagesMax: 1_000, overflow: 'drop-newest' },
  init(config, { self, seed }, out) {
    out.send(config.udp, { type: 'bind-udp', replyTo: self, address: '0.0.0.0', port: 5_060, shared: false });
    return { ...config, random: createRandom(seed), socket: 0, cseq: 0, pending: undefined };
  },
  step(state, { message }, out) {
    switch (message.type) {
      case 'udp-bound':
        state.socket = message.socket;
        rest(state, out);
        return;
      case 'wish-due':
        onWish(state, out);
        return;
      case 'timer-e-due':
        onTimerE(state, out);
        return;
      case 'timer-f-due':
        onTimerF(state, out);
        return;
      case 'datagram-received':
        onDatagram(state, message, out);
        return;
      case 'udp-failed':
        return;
      default:
        message satisfies never;
    }
  },
  invariants: ({ log }) => log.broken,
};

function rest(state: PhoneState, out: Outbox): void {
  out.setTimer(pauseMsMin + nextBelow(state.random, state.pauseMsMax - pauseMsMin), { type: 'wish-due' });
}

function onWish(state: PhoneState, out: Outbox): void {
  const die = nextBelow(state.random, 100);
  const wish: Wish = die < 80 ? 'register' : die < 90 ? 'unregister' : 'query';
  state.cseq++;
  const branch = `z9hG4bK-${state.user}-${state.cseq}`;
  const bytes = Uint8Array.from(requestText(state, wish, branch), (letter) => letter.charCodeAt(0));
  const timeout = out.setTimer(64 * t1Ms, { type: 'timer-f-due' });
  state.pending = { wish, bytes, branch, timeout, retryMs: t1Ms, retry: 0 };
  if (wish !== 'query') state.log.bound = 'unknown';
  send(state, state.pending, out);
}

function requestText({ user, domain, cseq, expiresSeconds }: PhoneState, wish: Wish, branch: string): string {
  const contact = `Contact: <${contactOf(user)}>;expires=${wish === 'register' ? expiresSeconds : 0}`;
  return [
    `REGISTER sip:${domain} SIP/2.0`,
    `Via: SIP/2.0/UDP ${user}.invalid;rport;branch=${branch}`,
    'Max-Forwards: 70',
    `From: <sip:${user}@${domain}>;tag=${user}-tag`,
    `To: <sip:${user}@${domain}>`,
    `Call-ID: ${user}@phone.invalid`,
    `CSeq: ${cseq} REGISTER`,
    ...(wish === 'query' ? [] : [contact]),
    'Content-Length: 0',
    '\r\n',
  ].join('\r\n');
}

const contactOf = (user: string): string => `sip:${user}@${user}.invalid`;

function send(state: PhoneState, pending: Pending, out: Outbox): void {
  const { bytes } = pending;
  const { socket, server: address, port } = state;
  out.send(state.udp, { type: 'send-datagram', socket, address, port, bytes, start: 0, end: bytes.length });
  pending.retry = out.setTimer(pending.retryMs, { type: 'timer-e-due' });
  pending.retryMs = Math.min(pending.retryMs * 2, t2Ms);
}

function onTimerE(state: PhoneState, out: Outbox): void {
  if (state.pending !== undefined) send(state, state.pending, out);
}

function onTimerF(state: PhoneState, out: Outbox): void {
  if (state.pending === undefined) return;
  state.log.timeouts++;
  out.clearTimer(state.pending.retry);
  state.pending = undefined;
  rest(state, out);
}

function onDatagram(state: PhoneState, { bytes, start, end }: DatagramReceived, out: Outbox): void {
  const parsed = parseMessage(bytes, start, end);
  if (!parsed.ok) {
    state.log.broken ??= `${state.user} heard what is not SIP: ${parsed.error.sentence}`;
    return;
  }
  const { message } = parsed;
  const via = message.topVia;
  const { pending } = state;
  // An answer to an earlier request, repeated or late: RFC 3261 17.1.3 drops what matches no transaction.
  if (pending === undefined || !('branch' in via) || via.branch !== pending.branch || message.statusCode < 200) return;
  out.clearTimer(pending.timeout);
  out.clearTimer(pending.retry);
  state.pending = undefined;
  judge(state, pending.wish, message);
  rest(state, out);
}

function judge({ log, user, cseq, expiresSeconds }: PhoneState, wish: Wish, answer: SipMessage): void {
  const { statusCode } = answer;
  if (statusCode === 503 || statusCode === 504) {
    log.unavailable++;
    return;
  }
  const broken = (what: string): void => {
    log.broken ??= `${user}: ${wish} ${cseq} was answered ${statusCode} ${answer.reason}${what}`;
  };
  if (statusCode !== 200) {
    broken('');
    return;
  }
  log.answered++;
  const contacts = answer.headers('contact');
  const own = contacts.filter((contact) => contact.startsWith(`<${contactOf(user)}>`));
  if (own.length < contacts.length) broken(` with the contact of another: ${contacts.join(', ')}`);
  if (own.length > 1) broken(' with one contact twice');
  if (wish === 'query') return;
  if (wish === 'register' && own.length === 0) broken(' without the contact that it bound');
  if (wish === 'unregister' && own.length > 0) broken(' with the contact that it removed');
  const granted = Number(/;expires=(\d+)/.exec(own[0] ?? '')?.[1] ?? 0);
  if (wish === 'register' && (granted < 1 || granted > expiresSeconds)) broken(`: granted ${granted} s`);
  log.bound = wish === 'register' ? 'yes' : 'no';
}

export const phoneProgram: LaneProgram<PhoneConfig> = ({ spawn, ports, config }) => {
  spawn(phone, { ...config, udp: ports.udp });
};
