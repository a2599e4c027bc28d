// What is measured: each contender parses `count` messages and says how many nanoseconds it took. A contender that cannot run here
// says why.

import { createRequire } from 'node:module';
import { KeyHasher } from '@chordial/ring-key';
import {
  aorOf,
  hashSubject,
  ParseError,
  Peek,
  parseMessage,
  peek,
  type SipMessage,
  writeResponse,
} from '@chordial/sip-parser';
import { type RegisterSet, registerBytes } from './register.ts';

export interface Contender {
  readonly name: string;
  run(count: number): number | Promise<number>;
  stop?(): void;
}

/** Turns through the messages; `use` gives a number above 0 for each message that was read. */
function timed(set: RegisterSet, use: (index: number) => number): (count: number) => number {
  let next = 0;
  return (count) => {
    let good = 0;
    const began = process.hrtime.bigint();
    for (let i = 0; i < count; i++) {
      if (use(next) > 0) good++;
      next = next + 1 === set.count ? 0 : next + 1;
    }
    const took = Number(process.hrtime.bigint() - began);
    if (good !== count) throw new Error(`only ${good} of ${count} messages were read`);
    return took;
  };
}

function everyHeader(message: SipMessage): number {
  const { topVia, via, from, to, callId, cseq, contacts, route, recordRoute, path } = message;
  const { require, proxyRequire, supported, expires, maxForwards, contentLength, contentType, event } = message;
  const values = [
    topVia,
    via,
    from,
    to,
    callId,
    cseq,
    contacts,
    route,
    recordRoute,
    path,
    require,
    proxyRequire,
    supported,
    expires,
    maxForwards,
    contentLength,
    contentType,
    event,
  ];
  for (const value of values) if (value instanceof ParseError) return 0;
  const rest = message.headers('user-agent').length + message.headers('allow').length;
  return to instanceof ParseError ? 0 : rest + aorOf(to.uri).length;
}

export function ownContenders(set: RegisterSet): readonly Contender[] {
  const seen = new Peek();
  const hasher = new KeyHasher();
  const target = new Uint8Array(2048);
  const { bytes } = set;
  const parts = {
    statusCode: 200,
    reason: 'OK',
    toTag: '9f3c2b1a',
    received: '192.0.2.15',
    rport: 5060,
    extraHeaders: 'Contact: <sip:user@192.0.2.15:5060;transport=udp>;expires=3600\r\n',
  };
  return [
    {
      name: 'peek',
      run: timed(set, (i) => (peek(bytes, i * registerBytes, (i + 1) * registerBytes, seen) ? 1 : 0)),
    },
    {
      name: 'peek + ring key',
      run: timed(set, (i) =>
        peek(bytes, i * registerBytes, (i + 1) * registerBytes, seen) && hashSubject(seen, hasher) ? hasher.prefix : 0,
      ),
    },
    {
      name: 'peek + response',
      run: timed(set, (i) =>
        peek(bytes, i * registerBytes, (i + 1) * registerBytes, seen) ? writeResponse(target, 0, seen, parts) : 0,
      ),
    },
    {
      name: 'every header',
      run: timed(set, (i) => {
        const parsed = parseMessage(bytes, i * registerBytes, (i + 1) * registerBytes);
        return parsed.ok ? everyHeader(parsed.message) : 0;
      }),
    },
  ];
}

interface ParsedHeaders {
  readonly headers: Readonly<Record<string, unknown>>;
}
type NpmSip = { parse(text: string): ParsedHeaders | undefined };
type DrachtioMessage = new (text: string) => ParsedHeaders & { getParsedHeader(name: string): unknown };

const require = createRequire(import.meta.url);

function load<T>(name: string): T | undefined {
  try {
    return require(name) as T;
  } catch (error) {
    console.log(`skipped: npm ${name}, because it cannot be loaded (${(error as Error).message.split('\n')[0]})`);
    return undefined;
  }
}

/** The two npm parsers take text; theirs includes the decoding of the octets, as any use of them does. */
export function npmContenders(set: RegisterSet): readonly Contender[] {
  const contenders: Contender[] = [];
  const octets = Buffer.from(set.bytes.buffer, set.bytes.byteOffset, set.bytes.byteLength);
  const textOf = (i: number): string => octets.toString('latin1', i * registerBytes, (i + 1) * registerBytes);
  const sip = load<NpmSip>('sip');
  if (sip !== undefined) {
    contenders.push({
      name: 'npm sip 0.0.6',
      run: timed(set, (i) => (sip.parse(textOf(i))?.headers.to === undefined ? 0 : 1)),
    });
  }
  const Message = load<{ readonly SipMessage: DrachtioMessage }>('drachtio-sip')?.SipMessage;
  if (Message !== undefined) {
    // It only splits lines until a header is asked for: once as it is, and once asked for what `peek` has read by then.
    contenders.push({
      name: 'drachtio-sip, lines',
      run: timed(set, (i) => (new Message(textOf(i)).headers.to === undefined ? 0 : 1)),
    });
    contenders.push({
      name: 'drachtio-sip 0.6.3',
      run: timed(set, (i) => {
        const message = new Message(textOf(i));
        const read = ['via', 'from', 'to', 'cseq'].every((name) => message.getParsedHeader(name) !== undefined);
        return read ? 1 : 0;
      }),
    });
  }
  return contenders;
}
