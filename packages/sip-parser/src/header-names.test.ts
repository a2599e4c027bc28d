// Names are recognised in every case and from octets as from text, and compact forms, lists and unknown names are told apart.

import { describe, expect, it } from 'vitest';
import { fieldName, hashStep, headerAt, headerNamed, kindNames, OTHER } from './header-names.ts';

function at(name: string) {
  const bytes = new Uint8Array(Buffer.from(`\r\n${name}:`, 'latin1'));
  const end = bytes.length - 1;
  return headerAt(bytes, 2, end, bytes.subarray(2, end).reduce(hashStep, 0));
}

describe('header names', () => {
  it('are the same header in any case, from text and from octets', () => {
    for (const [kind, name] of kindNames.entries()) {
      if (kind === OTHER) continue;
      for (const spelling of [name, name.toUpperCase(), fieldName(name)]) {
        expect(headerNamed(spelling)).toMatchObject({ name, kind });
        expect(at(spelling)).toBe(headerNamed(name));
      }
    }
  });

  it('have compact forms', () => {
    expect([...'vftimklcoV'].map((letter) => at(letter).name)).toEqual([
      'via',
      'from',
      'to',
      'call-id',
      'contact',
      'supported',
      'content-length',
      'content-type',
      'event',
      'via',
    ]);
  });

  it('that are not known stay themselves, in lower case', () => {
    expect(at('X-Own')).toEqual({ name: 'x-own', kind: OTHER, isList: false });
    // What differs from a known name in bit 32 alone has its hash, and is another name.
    expect(at('Call\rID').name).toBe('call\rid');
    expect(headerNamed('constructor').name).toBe('constructor');
  });

  it('say which headers are lists', () => {
    expect(['Contact', 'accept', 'Via', 'Date', 'To', 'Subject'].filter((name) => headerNamed(name).isList)).toEqual([
      'Contact',
      'accept',
      'Via',
    ]);
  });

  it('are written for people', () => {
    expect(['call-id', 'cseq', 'p-asserted-identity'].map(fieldName)).toEqual([
      'Call-ID',
      'CSeq',
      'P-Asserted-Identity',
    ]);
  });
});
