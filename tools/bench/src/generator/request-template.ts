// The requests of the load: formatted once, then only their digits are overwritten, so that a request costs tens of nanoseconds.
// Every field has a fixed width, so all requests of a method are equally long. Users keep their Call-ID, tag and Contact as phones
// do; branches are never repeated, because a server remembers them for 32 s (RFC 3261 17.2.2, Timer J).

export const methods = ['REGISTER', 'OPTIONS'] as const;
export type Method = (typeof methods)[number];

/** Octets of a REGISTER: the usual message of the benchmarks of this repository. */
export const registerBytes = 473;
export const usersMax = 1_000_000;
const userDigits = 6;
export const sequenceDigits = 9;
/** CSeq numbers have nine digits without a leading zero. */
export const cseqMin = 100_000_000;
export const cseqMax = 999_999_999;
export const slotDigits = 4;

const userMark = 'U'.repeat(userDigits);
const cseqMark = 'C'.repeat(sequenceDigits);
const branchMark = 'B'.repeat(slotDigits + sequenceDigits);

export interface TemplateOptions {
  readonly method: Method;
  /** Served domain, which every server of a comparison is told. */
  readonly domain: string;
  /** Where responses go: sent-by of the Via. */
  readonly sentBy: string;
  /** Makes the branches of this run its own. */
  readonly run: string;
}

export interface RequestTemplate {
  readonly bytes: Uint8Array;
  readonly userOffsets: readonly number[];
  readonly cseqOffset: number;
  readonly branchOffset: number;
  /** From the start of the Via header line to the digits of the branch. */
  readonly branchInVia: number;
}

export function requestTemplate(options: TemplateOptions): RequestTemplate {
  const text = options.method === 'REGISTER' ? registerText(options) : optionsText(options);
  const userOffsets: number[] = [];
  for (let at = text.indexOf(userMark); at >= 0; at = text.indexOf(userMark, at + userDigits)) userOffsets.push(at);
  const branchOffset = text.indexOf(branchMark);
  return {
    bytes: new Uint8Array(Buffer.from(text, 'latin1')),
    userOffsets,
    cseqOffset: text.indexOf(cseqMark),
    branchOffset,
    branchInVia: branchOffset - text.indexOf('Via:'),
  };
}

function startOf({ method, domain, sentBy, run }: TemplateOptions): string[] {
  return [
    `${method} sip:${domain} SIP/2.0`,
    `Via: SIP/2.0/UDP ${sentBy};branch=z9hG4bK${run}${branchMark};rport`,
    'Max-Forwards: 70',
    `From: "User ${userMark}" <sip:user${userMark}@${domain}>;tag=a${userMark}f1`,
    method === 'REGISTER' ? `To: "User ${userMark}" <sip:user${userMark}@${domain}>` : `To: <sip:${domain}>`,
    `Call-ID: ${userMark}-84381763@192.0.2.15`,
    `CSeq: ${cseqMark} ${method}`,
  ];
}

function registerText(options: TemplateOptions): string {
  const head = [
    ...startOf(options),
    `Contact: <sip:user${userMark}@192.0.2.15:5060;transport=udp>;expires=3600`,
    'User-Agent: ',
  ];
  const tail = ['', 'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS', 'Supported: path', 'Content-Length: 0', '', ''];
  const room = registerBytes - head.join('\r\n').length - tail.join('\r\n').length;
  if (room < 1) throw new Error(`domain and sent-by leave no room in a REGISTER of ${registerBytes} octets`);
  return head.join('\r\n') + 'Phone'.padEnd(room, '.').slice(0, room) + tail.join('\r\n');
}

function optionsText(options: TemplateOptions): string {
  const rest = ['Accept: application/sdp', 'User-Agent: Phone', 'Content-Length: 0', '', ''];
  return [...startOf(options), ...rest].join('\r\n');
}

/** Writes one request's numbers over those of the last one in the same place. */
export function writeNumbers(
  bytes: Uint8Array,
  start: number,
  template: RequestTemplate,
  user: number,
  cseq: number,
  slot: number,
  sequence: number,
): void {
  const { userOffsets } = template;
  for (let i = 0; i < userOffsets.length; i++) writeDigits(bytes, start + userOffsets[i]!, userDigits, user);
  writeDigits(bytes, start + template.cseqOffset, sequenceDigits, cseq);
  writeDigits(bytes, start + template.branchOffset, slotDigits, slot);
  writeDigits(bytes, start + template.branchOffset + slotDigits, sequenceDigits, sequence);
}

function writeDigits(bytes: Uint8Array, at: number, digits: number, value: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    bytes[i] = 48 + rest - next * 10;
    rest = next;
  }
}

/** The number written in digits, or -1. */
export function readDigits(bytes: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = (bytes[i] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
