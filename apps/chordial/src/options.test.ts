// Options: order of sources, and errors that say what was read, what was expected, and where.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { endpointText, parseEndpoint, reachable } from './endpoint.ts';
import { environmentName, flagName, optionList, optionNames, readOptions } from './options.ts';

const file = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'chordial-options-')), 'host.json');
  writeFileSync(path, text);
  return path;
};

describe('reading options', () => {
  test('defaults work', () => {
    const options = readOptions({}, {});
    expect(options).toMatchObject({
      domain: ['example.com'],
      listen: { address: '127.0.0.1', port: 5060 },
      peers: 64,
      control: { address: '127.0.0.1', port: 8060 },
      routing: 'one-hop',
    });
    expect(options.lanes).toBeGreaterThanOrEqual(1);
  });

  test('the command line goes before the environment, the environment before the file', () => {
    const config = file('{"peers": 3, "routing": "fingers", "domain": ["a.example", "b.example"]}');
    const options = readOptions({ config, peers: '5' }, { CHORDIAL_PEERS: '4', CHORDIAL_ROUTING: 'one-hop' });
    expect(options).toMatchObject({ peers: 5, routing: 'one-hop', domain: ['a.example', 'b.example'] });
    expect(readOptions({}, { CHORDIAL_CONFIG: config, CHORDIAL_PEERS: '4' }).peers).toBe(4);
    expect(readOptions({ config }, {}).peers).toBe(3);
  });

  test('every option can be given in each of the three ways', () => {
    for (const name of optionNames) {
      const { fallback } = optionList[name];
      const bad = '\u0000';
      expect(() => readOptions({ [name]: bad }, {})).toThrow(`--${flagName(name)}: read`);
      expect(() => readOptions({}, { [environmentName(name)]: bad })).toThrow(`${environmentName(name)}: read`);
      const config = file(JSON.stringify({ [name]: bad }));
      expect(() => readOptions({ config }, {})).toThrow(`${config}: ${name}: read`);
      expect(() => readOptions({ [name]: fallback }, {})).not.toThrow();
    }
  });

  test.each([
    ['peers', '0', 'a whole number from 1 to 50000'],
    ['peers', '50001', 'a whole number from 1 to 50000'],
    ['peers', '1e3', 'a whole number from 1 to 50000'],
    ['lanes', 'many', 'auto, or a whole number from 1 to 64'],
    ['listen', '127.0.0.1:5060', 'udp:ADDR:PORT'],
    ['listen', 'udp:localhost:5060', 'udp:ADDR:PORT'],
    ['listen', 'udp:127.0.0.1:65536', 'udp:ADDR:PORT'],
    ['control', 'here', 'ADDR:PORT'],
    ['domain', 'exa mple.com', 'a domain name'],
    ['domain', '-a.example', 'a domain name'],
    ['routing', 'star', 'one-hop or fingers'],
  ])('--%s %s is refused and says what was expected', (name, value, expected) => {
    expect(() => readOptions({ [name]: value }, {})).toThrow(`read ${JSON.stringify(value)}, expected ${expected}`);
  });

  test('domains are kept as they are compared: lower case, no final dot, IPv6 as in a URI; said twice is said once', () => {
    const { domain } = readOptions(
      { domain: 'Example.COM.,SIP.example.org,192.0.2.1,2001:DB8::1,[2001:db8:0::1],example.com' },
      {},
    );
    expect(domain).toEqual(['example.com', 'sip.example.org', '192.0.2.1', '[2001:db8::1]']);
    for (const wrong of [
      'example.com..',
      '.',
      '',
      '192.0.2.1.:5060',
      '[::1',
      '[a]',
      'fe80::1%eth0',
      '[fe80::1%eth0]',
    ]) {
      expect(() => readOptions({ domain: wrong }, {})).toThrow('expected a domain name');
    }
  });

  test('all faults are told at once', () => {
    expect(() => readOptions({ peers: 'x', listen: 'y' }, {})).toThrow(/--listen: [^\n]*\n--peers: /);
  });

  test('a file that is missing, broken, no object, or has an unknown name', () => {
    expect(() => readOptions({ config: '/nonexistent/host.json' }, {})).toThrow('cannot be read (ENOENT)');
    expect(() => readOptions({ config: file('{"peers": 3') }, {})).toThrow('expected a JSON object');
    expect(() => readOptions({ config: file('[]') }, {})).toThrow('expected a JSON object');
    expect(() => readOptions({ config: file('{"peer": 3}') }, {})).toThrow(
      "'peer' is not an option; expected one of domain",
    );
  });
});

describe('endpoints', () => {
  test.each(['127.0.0.1:5060', '[::1]:5060', '0.0.0.0:0'])('%s is read and written alike', (text) => {
    expect(endpointText(parseEndpoint(text)!)).toBe(text);
  });

  test.each([
    ['0.0.0.0:5060', '127.0.0.1:5060'],
    ['[::]:5060', '[::1]:5060'],
    ['[0:0::0]:5060', '[::1]:5060'],
    ['192.0.2.1:5060', '192.0.2.1:5060'],
    ['[2001:db8::1]:5060', '[2001:db8::1]:5060'],
  ])('what listens on %s is reached at %s', (listen, target) => {
    expect(endpointText(reachable(parseEndpoint(listen)!))).toBe(target);
  });

  test.each(['::1:5060', '[127.0.0.1]:5060', '127.0.0.1', '127.0.0.1:', '127.0.0.1:+1', ':5060', 'host:5060', ''])(
    '%s is none',
    (text) => {
      expect(parseEndpoint(text)).toBeUndefined();
    },
  );
});

test('a file that is no JSON is told by its place, without what it holds', () => {
  for (const text of [
    '{"token": abcdefsecrettoken}',
    '{"peers": 3,\n"token": "abcdefsecret',
    'abcdefsecret',
    '"abcdefsecret"',
  ]) {
    const read = (): unknown => readOptions({ config: file(text) }, {});
    expect(read).toThrow('expected a JSON object');
    expect(read).not.toThrow('abc');
  }
  expect(() => readOptions({ config: file('{"peers": 3,\n"token": "abc') }, {})).toThrow('line 2 column 14');
});
