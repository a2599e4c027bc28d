// The 473-octet REGISTER of the benchmark, for many users: every message differs (user, branch, tag, Call-ID), so nothing can be
// remembered by content. Fields have fixed widths, so all are equally long.

export const registerBytes = 473;

export interface RegisterSet {
  /** All messages, one after another, `registerBytes` apart. */
  readonly bytes: Uint8Array;
  readonly texts: readonly string[];
  readonly count: number;
}

function registerText(index: number): string {
  const n = String(index).padStart(6, '0');
  const head = [
    'REGISTER sip:example.com SIP/2.0',
    `Via: SIP/2.0/UDP 192.0.2.15:5060;branch=z9hG4bK-${n};rport`,
    'Max-Forwards: 70',
    `From: "User ${n}" <sip:user${n}@example.com>;tag=a${n}f1`,
    `To: "User ${n}" <sip:user${n}@example.com>`,
    `Call-ID: ${n}-84381763768@192.0.2.15`,
    'CSeq: 1826 REGISTER',
    `Contact: <sip:user${n}@192.0.2.15:5060;transport=udp>;expires=3600`,
  ];
  const tail = ['Allow: INVITE, ACK, CANCEL, BYE, OPTIONS', 'Supported: path', 'Content-Length: 0', '', ''];
  const withAgent = (agent: string): string => [...head, `User-Agent: ${agent}`, ...tail].join('\r\n');
  const agent = 'Bench Phone';
  return withAgent(agent.padEnd(agent.length + registerBytes - withAgent(agent).length, '.'));
}

export function buildRegisters(count: number): RegisterSet {
  const texts = Array.from({ length: count }, (_, index) => registerText(index));
  const wrong = texts.find((text) => text.length !== registerBytes);
  if (wrong !== undefined) throw new Error(`the benchmark's REGISTER has ${wrong.length} octets, not ${registerBytes}`);
  return { bytes: new Uint8Array(Buffer.from(texts.join(''), 'latin1')), texts, count };
}
