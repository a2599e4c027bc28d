// What must hold for any octets at all: nothing is thrown, `peek` and `parseMessage` (two parsers written apart) agree on
// whether a message is good and on every field both give, and reading it again gives the same.

import { aorOf, ParseError, type Peek, parseMessage, peek, type SipMessage } from '@chordial/sip-parser';

/** The getters whose values `peek` reads too. */
function readablyGood(message: SipMessage): boolean {
  const { topVia, from, to, callId, cseq, maxForwards } = message;
  return ![topVia, from, to, callId, cseq, maxForwards].some((value) => value instanceof ParseError);
}

const typedGetters = [
  'via',
  'topVia',
  'from',
  'to',
  'callId',
  'cseq',
  'contacts',
  'route',
  'recordRoute',
  'path',
  'require',
  'proxyRequire',
  'supported',
  'expires',
  'maxForwards',
  'contentLength',
  'contentType',
  'event',
] as const;

export type GetterName = (typeof typedGetters)[number];

/** The typed getters that give an error, with it. */
export function wrongGetters(
  message: SipMessage,
): readonly { readonly getter: GetterName; readonly error: ParseError }[] {
  const wrong: { getter: GetterName; error: ParseError }[] = [];
  for (const getter of typedGetters) {
    const value = message[getter];
    if (value instanceof ParseError) wrong.push({ getter, error: value });
  }
  return wrong;
}

function fieldsDiffer(seen: Peek, message: SipMessage): string | undefined {
  const { topVia, from, to, callId, cseq } = message;
  if (
    topVia instanceof ParseError ||
    from instanceof ParseError ||
    to instanceof ParseError ||
    cseq instanceof ParseError
  ) {
    return 'a field that peek read is an error in the message';
  }
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['kind', seen.kind, message.kind],
    ['method', seen.method, message.method],
    ['status', seen.statusCode, message.statusCode],
    ['uri', seen.uriText, message.uri?.text ?? ''],
    ['uri aor', seen.aorOf('request-uri'), message.uri === undefined ? '' : aorOf(message.uri)],
    ['via transport', seen.viaTransport, topVia.transport],
    ['via host', seen.viaHost, topVia.host],
    ['via port', seen.viaPort, topVia.port],
    ['via branch', seen.viaBranch, topVia.branch],
    ['via received', seen.viaReceived.replace(/[[\]]/g, ''), topVia.received],
    ['rport', seen.hasRport, topVia.rport !== undefined],
    ['from aor', seen.aorOf('from'), aorOf(from.uri)],
    ['from tag', seen.fromTag, from.tag],
    ['to aor', seen.aorOf('to'), aorOf(to.uri)],
    ['to tag', seen.toTag, to.tag],
    ['call-id', seen.callId, callId],
    ['cseq number', seen.cseqNumber, cseq.number],
    ['cseq method', seen.cseqMethod, cseq.method],
    ['max-forwards', seen.maxForwards, message.maxForwards ?? -1],
    ['content-length', seen.contentLength, message.contentLength ?? -1],
    ['require', seen.hasRequire, message.headerNames.includes('require')],
    ['proxy-require', seen.hasProxyRequire, message.headerNames.includes('proxy-require')],
    ['body start', seen.bodyStart, message.bodyStart],
    ['body end', seen.bodyEnd, message.bodyEnd],
    ['headers', seen.headersCount, message.headerNames.length],
  ];
  const wrong = pairs.find(([, a, b]) => a !== b);
  return wrong === undefined
    ? undefined
    : `${wrong[0]}: peek says ${JSON.stringify(wrong[1])}, the message ${JSON.stringify(wrong[2])}`;
}

function errorIsPlaced(error: ParseError | undefined, length: number): boolean {
  return (
    error !== undefined && error.field !== '' && error.sentence !== '' && error.offset >= 0 && error.offset <= length
  );
}

/** What is wrong with how the parser treats these octets, or undefined. */
export function disagreement(bytes: Uint8Array, seen: Peek): string | undefined {
  try {
    const good = peek(bytes, 0, bytes.length, seen);
    const parsed = parseMessage(bytes);
    if (!good && !errorIsPlaced(seen.error, bytes.length))
      return 'peek refused without a field, a sentence and an offset inside the octets';
    if (!parsed.ok) {
      if (!errorIsPlaced(parsed.error, bytes.length))
        return 'parseMessage refused without a field, a sentence and an offset inside the octets';
      return good ? `peek accepts, parseMessage refuses: ${parsed.error}` : undefined;
    }
    const misplaced = wrongGetters(parsed.message).find(({ error }) => !errorIsPlaced(error, bytes.length));
    if (misplaced !== undefined) return `the error of ${misplaced.getter} is not placed: ${misplaced.error}`;
    if (good !== readablyGood(parsed.message))
      return good ? 'peek accepts what a getter refuses' : `peek refuses (${seen.error}), every getter accepts`;
    return good ? fieldsDiffer(seen, parsed.message) : undefined;
  } catch (thrown) {
    return `thrown: ${thrown instanceof Error ? thrown.stack : String(thrown)}`;
  }
}
