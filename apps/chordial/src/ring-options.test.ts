// What the options of a ring of several hosts ask of each other, and that a token is shown nowhere.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readOptions } from './options.ts';
import { drawToken, Secret, tokenLengthMin } from './token.ts';

const token = 'sesame-open-sesame-open';
const founder = { listenRing: '192.0.2.10:7060', token };
const faultOf = (flags: Record<string, unknown>, environment: Record<string, string> = {}): string => {
  try {
    readOptions(flags, environment);
    return '';
  } catch (fault) {
    return (fault as Error).message;
  }
};
const file = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'chordial-token-')), 'token');
  writeFileSync(path, text);
  return path;
};

describe('a ring of several hosts', () => {
  test('a host alone needs nothing', () => {
    expect(readOptions({}, {})).toMatchObject({ listenRing: undefined, join: [], token: undefined, data: undefined });
  });

  test('a founder and a joiner', () => {
    expect(readOptions(founder, {}).listenRing).toEqual({ address: '192.0.2.10', port: 7060 });
    const joiner = readOptions({ ...founder, join: '192.0.2.11:7060,[2001:db8::1]:7060' }, {});
    expect(joiner.join).toEqual([
      { address: '192.0.2.11', port: 7060 },
      { address: '2001:db8::1', port: 7060 },
    ]);
  });

  test('the token comes from a file, without its line end, or from the environment', () => {
    const { listenRing } = founder;
    expect(readOptions({ listenRing, tokenFile: file(`${token}\n`) }, {}).token?.reveal()).toBe(token);
    expect(readOptions({ listenRing }, { CHORDIAL_TOKEN: token }).token?.reveal()).toBe(token);
    expect(readOptions({ listenRing }, { CHORDIAL_TOKEN_FILE: file(token) }).token?.reveal()).toBe(token);
  });

  test.each([
    [{ join: '192.0.2.11:7060', token }, '--join: read 192.0.2.11:7060, expected --listen-ring ADDR:PORT beside it'],
    [{ advertise: '192.0.2.11:7060' }, '--advertise: read 192.0.2.11:7060, expected --listen-ring'],
    [{ listenRing: '0.0.0.0:7060', token }, '--listen-ring: read 0.0.0.0:7060, expected --advertise ADDR:PORT'],
    [{ listenRing: '[::]:7060', token }, '--listen-ring: read [::]:7060, expected --advertise ADDR:PORT'],
    [{ listenRing: '127.0.0.1:7060' }, '--listen-ring: read 127.0.0.1:7060 and no token, expected one'],
    [
      { listenRing: '127.0.0.1:7060', join: '127.0.0.1:7061' },
      '--join: read 127.0.0.1:7061 and no token, expected the one of that ring: --token-file FILE, or CHORDIAL_TOKEN',
    ],
    [
      { ...founder, tokenFile: '/nonexistent/token' },
      '--token-file: read "/nonexistent/token" while --token gives a token too',
    ],
    [
      { listenRing: '127.0.0.1:7060', tokenFile: '/nonexistent/token' },
      '--token-file: read "/nonexistent/token", expected a file with the token; it cannot be read (ENOENT). Make one: chordial token > /nonexistent/token',
    ],
    [{ ...founder, join: '192.0.2.11' }, '--join: read "192.0.2.11", expected ADDR:PORT[,ADDR:PORT...]'],
    [{ ...founder, join: '192.0.2.11:0' }, '--join: read "192.0.2.11:0", expected ADDR:PORT'],
    [{ ...founder, listenRing: 'here' }, '--listen-ring: read "here", expected ADDR:PORT with an IP address'],
    [{ ...founder, peers: '16' }, '--peers: read 16, expected at least 17 for the host that founds a ring'],
    [{ ...founder, ringName: 'a ring' }, '--ring-name: read "a ring", expected a name'],
  ])('%j is refused with what to do', (flags, sentence) => {
    expect(faultOf(flags)).toContain(sentence);
  });

  test('an empty token file says how to fill it', () => {
    expect(faultOf({ listenRing: '127.0.0.1:7060', tokenFile: file('\n') })).toContain('make one: chordial token >');
  });

  test('a short token will do on loopback only', () => {
    expect(faultOf({ listenRing: '127.0.0.1:7060', token: 'short' })).toBe('');
    expect(faultOf({ listenRing: '[::1]:7060', token: 'short' })).toBe('');
    const fault = faultOf({ listenRing: '192.0.2.10:7060' }, { CHORDIAL_TOKEN: 'short' });
    expect(fault).toBe(
      'CHORDIAL_TOKEN: read a token of 5 characters, expected at least 16 where 192.0.2.10:7060 can be reached from other machines; draw one with `chordial token`',
    );
    expect(faultOf({ listenRing: '0.0.0.0:7060', advertise: '127.0.0.1:7060', token: 'short' })).toContain(
      'at least 16',
    );
  });

  test('all faults are told at once', () => {
    expect(faultOf({ join: '192.0.2.11:7060', advertise: '192.0.2.12:7060' })).toMatch(/--join: [^\n]*\n--advertise: /);
  });
});

describe('a token', () => {
  test('that does not fit is not shown', () => {
    const secret = 'two words of it';
    for (const fault of [
      faultOf({ ...founder, token: secret }),
      faultOf({ listenRing: '192.0.2.10:7060', token: 'abc' }),
    ]) {
      expect(fault).toMatch(/read a token of \d+ characters/);
      expect(fault).not.toMatch(/two words|abc/);
    }
  });

  test('writes itself as (secret)', () => {
    const options = readOptions(founder, {});
    expect(options.token).toBeInstanceOf(Secret);
    expect([`${options.token}`, JSON.stringify(options), inspect(options)].join()).not.toContain(token);
    expect(JSON.parse(JSON.stringify(options)).token).toBe('(secret)');
  });

  test('is drawn long enough, each time another', () => {
    const tokens = Array.from({ length: 20 }, drawToken);
    expect(new Set(tokens).size).toBe(20);
    for (const each of tokens) {
      expect(each.length).toBeGreaterThanOrEqual(tokenLengthMin);
      expect(faultOf({ ...founder, token: each })).toBe('');
    }
  });
});
