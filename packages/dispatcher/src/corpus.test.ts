// Real and tortured messages through transport, dispatcher and transaction: RFC 4475 in full and the examples of the RFCs.
// The data lie outside the project; where they are absent the tests are skipped and say so.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TestHost } from './host.fixture.ts';

const corpus = process.env.CHORDIAL_CORPUS ?? join(import.meta.dirname, '../../../../shared/corpus');
const isThere = existsSync(corpus);
const skipped = isThere ? '' : ' (skipped: no corpus; set CHORDIAL_CORPUS)';

interface Case {
  readonly kind: string;
  readonly accept_statuses: readonly number[];
}

const torture = (): { name: string; text: string; label: Case | undefined }[] => {
  const labels = JSON.parse(readFileSync(join(corpus, 'rfc4475/labels.json'), 'utf8')) as {
    cases: Record<string, Case>;
  };
  const folder = join(corpus, 'rfc4475/dat');
  return readdirSync(folder).map((file) => {
    const name = file.replace('.dat', '');
    return { name, text: readFileSync(join(folder, file), 'latin1'), label: labels.cases[name] };
  });
};

const domains = ['example.com', 'example.net', 'example.org', 'atlanta.com', 'biloxi.com'];
/** Where we answer otherwise than the labels say; 0 is no answer. */
const otherwise: Readonly<Record<string, readonly [status: number, why: string]>> = {
  badbranch: [200, 'RFC 4475 3.2.1 also allows matching as in RFC 2543'],
  badvers: [0, 'its Via is not of SIP/2.0, so no response can be routed'],
  insuf: [0, 'Call-ID, From and To are missing, so no response can be written'],
  baddate: [405, 'an INVITE, refused before its Date is read'],
  invut: [405, 'an INVITE, refused before its body is looked at'],
  sdp01: [405, 'an INVITE, refused before its Accept is read'],
  regbadct: [200, 'Contact is the registrar’s business, and the one of this test takes all'],
};

describe.skipIf(!isThere)(`RFC 4475${skipped}`, () => {
  test('every message is answered once at most, and with a status that a server may give', () => {
    let judged = 0;
    for (const { name, text, label } of torture()) {
      const sent = new TestHost({ dispatcher: { domains } }).exchange(text);
      expect(sent.length, name).toBeLessThanOrEqual(1);
      const status = Number(sent[0]?.text.slice(8, 11) ?? 0);
      if (label?.kind === 'response') expect(status, name).toBe(0);
      if (label === undefined || label.kind !== 'request' || label.accept_statuses.length === 0) continue;
      judged++;
      const exception = otherwise[name];
      if (exception === undefined) expect(label.accept_statuses, name).toContain(status);
      else expect(status, exception[1]).toBe(exception[0]);
    }
    expect(judged).toBeGreaterThan(25);
  });
});

describe.skipIf(!isThere)(`the examples of 39 RFCs${skipped}`, () => {
  test('every message is answered once at most, and nothing throws', () => {
    const folder = join(corpus, 'rfc-examples/sip');
    const host = new TestHost({ lanesCount: 2, dispatcher: { domains } });
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const file of files) {
      const text = readFileSync(join(file.parentPath, file.name), 'latin1');
      expect(host.exchange(text).length, file.name).toBeLessThanOrEqual(1);
    }
    expect(files.length).toBeGreaterThan(800);
    const { counts } = host.dispatcherState();
    expect(counts.received).toBeGreaterThan(700);
    expect(counts.served + counts.forwarded).toBeGreaterThan(5);
  });
});
