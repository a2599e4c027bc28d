// Messages that RFCs, php-sip and captures hold. RFC authors elide ("Content-Length: ..."), so a Content-Length that is no
// number or larger than the text is left out before parsing; what is refused after that is listed here with the reason.

import { Peek, parseMessage, peek, StreamFramer } from '@chordial/sip-parser';
import type { Frame } from '@chordial/sip-parser/headers';
import { describe, expect, it } from 'vitest';
import { disagreement, wrongGetters } from './agreement.ts';
import { allMessages, callFlowMessages, corpusFile, corpusFolder, corpusIsPresent, corpusText } from './corpus.ts';

/** Examples that break RFC 3261 itself. */
const wrongExamples: Readonly<Record<string, string>> = {
  'rfc3327/008': 'the Request-URI has no scheme',
  'rfc3327/009': 'the Request-URI has no scheme',
  'rfc3327/010': 'the Request-URI has no scheme',
  'rfc3327/011': 'the Request-URI has no scheme',
  'rfc3842/003': 'prose of the RFC continues the Content-Length line',
  'rfc3911/004': 'CSeq: 1INVITE',
  'rfc3911/005': 'CSeq: 1INVITE',
  'rfc4916/002': 'prose of the RFC continues the Content-Length line',
  'rfc5589/004': 'the CSeq of an INVITE says REFER',
  'rfc5589/009': 'the CSeq of a NOTIFY says INVITE',
  'rfc5589/010': 'the CSeq of a NOTIFY says INVITE',
  'rfc5589/011': 'the CSeq of a NOTIFY says INVITE',
  'rfc5853/002': 'Via: SIP/2.0/UDP sip:[...], a URI as sent-by',
  'rfc7339/000': 'the line " ..." stands for left-out headers and continues Via',
};

function withoutElidedLength(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  const blank = text.indexOf('\r\n\r\n');
  const bodyBytes = blank < 0 ? 0 : text.length - blank - 4;
  const shown = text.replace(/\r\n(?:Content-Length|l)[ \t]*:[ \t]*([^\r]*)/gi, (line, length: string) =>
    /^[0-9]+$/.test(length.trim()) && Number(length) <= bodyBytes ? line : '',
  );
  return new Uint8Array(Buffer.from(shown, 'latin1'));
}

const shortName = (name: string): string => name.replace(/^rfc-examples\/sip\//, '').replace(/\.sip$/, '');

describe.skipIf(!corpusIsPresent)('messages of the corpus', () => {
  it('the examples of 39 RFCs are accepted, but for fourteen that are wrong', () => {
    const examples = corpusFolder('rfc-examples/sip', () => true);
    const refused = examples.filter(({ bytes }) => !parseMessage(withoutElidedLength(bytes)).ok);
    expect(examples).toHaveLength(843);
    expect(refused.map(({ name }) => shortName(name))).toEqual(Object.keys(wrongExamples));
  });

  it('nine in ten of those that show all mandatory headers have no wrong header either', () => {
    const whole = corpusFolder('rfc-examples/sip', () => true)
      .map(({ bytes }) => parseMessage(withoutElidedLength(bytes)))
      .filter((parsed) => parsed.ok)
      .map(({ message }) => wrongGetters(message))
      .filter((wrong) => !wrong.some(({ error }) => error.sentence === 'this header is missing'));
    expect(whole.filter((wrong) => wrong.length === 0).length).toBeGreaterThan(whole.length * 0.9);
  });

  it('every message of a capture is accepted, with every header', () => {
    const captured = corpusFolder('pcap-messages/ndpi__sip', (name) => name.endsWith('.sip'));
    expect(captured).not.toHaveLength(0);
    const wrong = captured.filter(({ bytes }) => {
      const parsed = parseMessage(bytes);
      return !parsed.ok || wrongGetters(parsed.message).length > 0 || !peek(bytes, 0, bytes.length, new Peek());
    });
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('the two parsers agree on every message as it is', () => {
    const seen = new Peek();
    expect(allMessages().flatMap(({ name, bytes }) => disagreement(bytes, seen)?.concat(` (${name})`) ?? [])).toEqual(
      [],
    );
  });
});

const messagesIn = (frames: readonly Frame[]): Uint8Array[] =>
  frames.flatMap((frame) => (frame.type === 'message' ? [frame.bytes] : []));

describe.skipIf(!corpusIsPresent)('streams of the corpus', () => {
  const flows = corpusFolder('php-sip/misc', (name) => name.endsWith('.yaml'));

  it('every call flow of php-sip comes out of a stream as it went in, for every way of cutting it', () => {
    for (const { name } of flows) {
      const messages = callFlowMessages(corpusText(name)).filter((bytes) => {
        const parsed = parseMessage(bytes);
        return parsed.ok && parsed.message.contentLength === parsed.message.bytes.length - parsed.message.bodyStart;
      });
      const stream = new Uint8Array(Buffer.concat(messages));
      for (const step of [1, 7, 100, 1460, stream.length + 1]) {
        const framer = new StreamFramer();
        const got: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += step)
          got.push(...messagesIn(framer.feed(stream.subarray(at, at + step))));
        expect(got.map((bytes) => Buffer.from(bytes).toString())).toEqual(
          messages.map((bytes) => Buffer.from(bytes).toString()),
        );
      }
    }
    expect(flows.length).toBeGreaterThan(20);
  });

  for (const name of ['generic.txt', 'lioneagle-sipparser.txt']) {
    it(`stream/${name} is cut into messages that are all accepted, with nothing left over`, () => {
      const stream = corpusFile(`php-sip/stream/${name}`);
      const framer = new StreamFramer({ missingLengthIsZero: true });
      const frames = [...framer.feed(stream)];
      const messages = messagesIn(frames);
      expect(frames.filter((frame) => frame.type === 'broken')).toEqual([]);
      const starts =
        Buffer.from(stream)
          .toString('latin1')
          .match(/^(?:SIP\/2\.0 [0-9]{3}|[A-Z]+ \S+ SIP\/2\.0)/gm) ?? [];
      expect(messages).toHaveLength(starts.length);
      expect(messages.filter((bytes) => !parseMessage(bytes).ok)).toEqual([]);
      expect(framer.pendingBytes).toBe(0);
    });
  }
});
