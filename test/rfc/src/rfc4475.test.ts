// RFC 4475, all 49 messages, against the labels of the corpus: what a parser must accept or reject, and every fact
// of the labels that a parser alone can show.

import {
  aorOf,
  ParseError,
  Peek,
  parseMessage,
  parseUri,
  peek,
  type SipMessage,
  type SipUri,
} from '@chordial/sip-parser';
import { unescapeText, uriEquals } from '@chordial/sip-parser/headers';
import { describe, expect, it } from 'vitest';
import { wrongGetters } from './agreement.ts';
import { corpusFile, corpusIsPresent, corpusText } from './corpus.ts';

interface Label {
  readonly parse: 'accept' | 'reject' | 'either';
  readonly kind: 'request' | 'response';
  readonly accept_statuses: readonly number[];
}

const labels: Readonly<Record<string, Label>> = corpusIsPresent
  ? (JSON.parse(corpusText('rfc4475/labels.json')) as { cases: Record<string, Label> }).cases
  : {};

const dat = (name: string): Uint8Array => corpusFile(`rfc4475/dat/${name}.dat`);

function message(name: string): SipMessage {
  const parsed = parseMessage(dat(name));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.error}`);
  return parsed.message;
}

function seen(name: string): Peek {
  const result = new Peek();
  const bytes = dat(name);
  peek(bytes, 0, bytes.length, result);
  return result;
}

function value<T>(read: T | ParseError): T {
  if (read instanceof ParseError) throw new Error(String(read));
  return read;
}

function uri(text: string): SipUri {
  return value(parseUri(text));
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe.skipIf(!corpusIsPresent)('RFC 4475', () => {
  it('has 49 messages with a label', () => {
    expect(Object.keys(labels)).toHaveLength(49);
  });

  for (const [name, label] of Object.entries(labels)) {
    if (label.parse === 'accept') {
      it(`${name} is accepted by both parsers and every typed header of it is read`, () => {
        expect(seen(name).error).toBeUndefined();
        expect(message(name).kind).toBe(label.kind);
        expect(wrongGetters(message(name)).map(String)).toEqual([]);
      });
    } else if (label.parse === 'reject') {
      it(`${name} is rejected by both parsers, with a status the RFC allows`, () => {
        const refused = seen(name);
        expect(refused.error).toBeInstanceOf(ParseError);
        expect(parseMessage(dat(name)).ok).toBe(false);
        if (label.kind === 'request') expect(label.accept_statuses).toContain(refused.error!.statusSuggested);
        else expect(refused.answerable).toBe(false);
      });
    } else {
      it(`${name} may be rejected; if it is, then with a status the RFC allows and an address to answer to`, () => {
        const refused = seen(name);
        if (refused.error === undefined) expect(parseMessage(dat(name)).ok).toBe(true);
        else expect(label.accept_statuses).toContain(refused.error.statusSuggested);
      });
    }
  }
});

describe.skipIf(!corpusIsPresent)('RFC 4475, what each message is there to show', () => {
  it('wsinv: folds, spaces and case anywhere', () => {
    const wsinv = message('wsinv');
    expect(value(wsinv.from).displayName).toBe('J Rosenberg \\"');
    expect(value(wsinv.to).tag).toBe('1918181833n');
    expect([wsinv.maxForwards, value(wsinv.cseq).number]).toEqual([68, 9]);
    expect(value(wsinv.via).map(({ host, branch }) => [host, branch])).toEqual([
      ['192.0.2.2', '390skdjuw'],
      ['spindle.example.com', 'z9hG4bK9ikj8'],
      ['192.168.255.111', 'z9hG4bK30239'],
    ]);
    expect(wsinv.headers('UnknownHeaderWithUnusualValue')).toEqual([';;,,;;,;']);
    expect(value(wsinv.contacts)).toMatchObject([{ displayName: 'Quoted string ""', q: 0.33 }]);
  });

  it('intmeth: unusual characters are kept as they are', () => {
    const intmeth = message('intmeth');
    expect(intmeth.method).toBe("!interesting-Method0123456789_*+`.%indeed'~");
    expect(seen('intmeth').method).toBe(intmeth.method);
    expect(value(intmeth.to).displayName).toBe('BEL:\x07 NUL:\0 DEL:\x7f');
    expect(value(intmeth.callId)).toBe('intmeth.word%ZK-!.*_+\'@word`~)(><:\\/"][?}{');
    expect(value(intmeth.from).displayName).toBe("token1~` token2'+_ token3*%!.-");
  });

  it('esc01: escapes are undone once', () => {
    const contact = value(message('esc01').contacts)[0]!;
    if (contact.star) throw new Error('a star');
    expect(uriEquals(uri('sip:value%41@example.com'), uri('sip:valueA@example.com'))).toBe(true);
    expect(uriEquals(uri('sip:value%2541@example.com'), uri('sip:valueA@example.com'))).toBe(false);
    expect(seen('esc01').aorOf('request-uri')).toBe('sips%3Auser%40example.com@example.net');
  });

  it('escnull: a NUL in a user is neither lost nor an end', () => {
    const escnull = message('escnull');
    expect(aorOf(value(escnull.to).uri)).toBe('null-%00-null@example.com');
    const users = value(escnull.contacts).map((contact) => (contact.star ? '' : unescapeText(contact.uri.user)));
    expect(users).toEqual(['\0', '\0\0']);
  });

  it('esc02: no escapes in methods and header names', () => {
    const esc02 = message('esc02');
    expect(esc02.method).toBe('RE%47IST%45R');
    expect(value(esc02.to).displayName).toBe('%Z%45');
    expect(value(esc02.contacts)).toHaveLength(2);
    expect(esc02.headers('C%6Fntact')).toHaveLength(1);
  });

  it('lwsdisp: a display name ends at "<"', () => {
    expect(value(message('lwsdisp').from).displayName).toBe('caller');
  });

  it('longreq: nothing is cut short', () => {
    const longreq = message('longreq');
    expect(value(longreq.via)).toHaveLength(34);
    expect(value(longreq.topVia).host).toBe('sip33.example.com');
    expect(value(longreq.callId)).toHaveLength('longreq.one'.length + 'really'.length * 20 + 'longcallid'.length);
    expect(value(longreq.from).tag).toMatch(/^12(982)+4$|^[0-9]{100,}$/);
  });

  it('dblreq: what follows the body is not part of the message', () => {
    const dblreq = message('dblreq');
    expect(dblreq.method).toBe('REGISTER');
    expect(dblreq.body).toHaveLength(0);
    expect(dblreq.bodyEnd).toBeLessThan(dat('dblreq').length);
    expect(seen('dblreq').bodyEnd).toBe(dblreq.bodyEnd);
  });

  it('semiuri: the user may hold ";" and "@"', () => {
    const target = message('semiuri').uri!;
    expect(unescapeText(target.user)).toBe('user;par=u@example.net');
    expect(target.parameters.size).toBe(0);
    expect(target.host).toBe('example.com');
  });

  it('transports: unknown transports', () => {
    expect(value(message('transports').via).map((via) => via.transport)).toEqual([
      'UDP',
      'SCTP',
      'TLS',
      'UNKNOWN',
      'TCP',
    ]);
  });

  it('mpart01: a body of any octets', () => {
    const mpart01 = message('mpart01');
    expect(mpart01.body).toHaveLength(mpart01.contentLength as number);
    expect(mpart01.body).toContain(0);
  });

  it('unreason and noreason: the reason is UTF-8 or nothing', () => {
    expect(message('unreason').reason).toBe('= 2**3 * 5**2 но сто девяносто девять - простое');
    expect([message('noreason').statusCode, message('noreason').reason]).toEqual([100, '']);
  });

  it('refusals name the field', () => {
    const fields = [
      'badinv01',
      'clerr',
      'ncl',
      'scalar02',
      'scalarlg',
      'mcl01',
      'mismatch01',
      'badvers',
      'bigcode',
      'escruri',
      'quotbal',
    ];
    expect(fields.map((name) => seen(name).error!.field)).toEqual([
      'Via',
      'body',
      'Content-Length',
      'CSeq',
      'CSeq',
      'Content-Length',
      'CSeq',
      'start-line',
      'start-line',
      'Request-URI',
      'To',
    ]);
    expect(seen('clerr').needMore).toBe(true);
    expect(seen('badvers').error!.statusSuggested).toBe(505);
  });

  it('regbadct: headers in a bare Contact URI', () => {
    expect(message('regbadct').contacts).toBeInstanceOf(ParseError);
  });

  it('insuf: what is missing is said', () => {
    expect(seen('insuf').error).toMatchObject({ field: 'From', sentence: 'this header is missing' });
    expect(
      [message('insuf').callId, message('insuf').from, message('insuf').to].every((read) => read instanceof ParseError),
    ).toBe(true);
  });

  it('unkscm, novelsc, unksm2: a scheme that is not ours is read, and never an AoR', () => {
    expect(message('unkscm').uri!.scheme).toBe('nobodyknowsthisscheme');
    expect(message('novelsc').uri!.scheme).toBe('soap.beep');
    expect(value(message('unksm2').to).uri.scheme).toBe('isbn');
    expect([seen('unkscm').aorOf('request-uri'), seen('unksm2').aorOf('to')]).toEqual(['', '']);
  });

  it('bext01: extensions that are required', () => {
    expect(value(message('bext01').require)).toEqual(['nothingSupportsThis', 'nothingSupportsThisEither']);
    expect(value(message('bext01').proxyRequire)).toEqual(['noProxiesSupportThis', 'norDoAnyProxiesSupportThis']);
    expect([seen('bext01').hasRequire, seen('bext01').hasProxyRequire]).toEqual([true, true]);
  });

  it('zeromf, bcast, badbranch, inv2543', () => {
    expect(seen('zeromf').maxForwards).toBe(0);
    expect(value(message('bcast').via)[1]!.host).toBe('255.255.255.255');
    expect(seen('badbranch').viaBranch).toBe('z9hG4bK');
    expect([seen('inv2543').viaBranch, seen('inv2543').fromTag]).toEqual(['', '']);
  });

  it('cparam01, cparam02, regescrt: parameters inside and outside the brackets', () => {
    const [outside] = value(message('cparam01').contacts);
    const [inside] = value(message('cparam02').contacts);
    const [escaped] = value(message('regescrt').contacts);
    if (outside!.star || inside!.star || escaped!.star) throw new Error('a star');
    expect([outside!.parameters.has('unknownparam'), outside!.uri.parameters.has('unknownparam')]).toEqual([
      true,
      false,
    ]);
    expect([inside!.parameters.has('unknownparam'), inside!.uri.parameters.has('unknownparam')]).toEqual([false, true]);
    expect(escaped!.uri.headers.get('route')).toBe('%3Csip:sip.example.com%3E');
  });

  it('test.dat, the file without a section, is read or refused and no more', () => {
    const bytes = dat('test');
    expect(parseMessage(bytes).ok).toBe(peek(bytes, 0, bytes.length, new Peek()));
    expect(text(bytes)).not.toBe('');
  });
});
