// Whatever octets pass the peek of a transaction, the registrar answers once and stays in order: mutated REGISTERs here, and the
// messages of the corpus (RFC 4475 and the examples of the RFCs) where it is present.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Peek, peek } from '@chordial/sip-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RegistrarLane, requestText } from '../bench/registrar-lane.ts';

const corpus = process.env.CHORDIAL_CORPUS ?? join(import.meta.dirname, '../../../../shared/corpus');

/** Answers to one message, or undefined when its peek fails and no transaction would hand it up. */
function answersTo(lane: RegistrarLane, peer: ReturnType<RegistrarLane['addPeer']>, bytes: Uint8Array) {
  const into = new Peek();
  if (!peek(bytes, 0, bytes.length, into) || into.kind !== 'request' || !into.answerable) return undefined;
  lane.answers.length = 0;
  lane.deliverPeeked(peer, into);
  lane.run();
  return lane.answers;
}

const header = /^[A-Za-z-]+: [^\r\n]*$/;
function expectGoodAnswer(answers: readonly { statusCode: number; reason: string; headerLines: string }[]): void {
  expect(answers).toHaveLength(1);
  const { statusCode, reason, headerLines } = answers[0]!;
  expect(statusCode).toBeGreaterThanOrEqual(200);
  expect(reason).toMatch(/^[ -~]+$/);
  if (headerLines === '') return;
  expect(headerLines.endsWith('\r\n')).toBe(true);
  for (const line of headerLines.slice(0, -2).split('\r\n')) expect(line).toMatch(header);
}

describe('any request', () => {
  it('that was mutated is answered once, in whole header lines', () => {
    const base = requestText({
      lines: [
        'Contact: "A" <sip:alice@192.0.2.4:5060;ob>;expires=600;+sip.instance="<urn:uuid:1>"',
        'm: <sip:b@h;x=%41>;q=0.5',
        'Expires: 60',
        'Require: path',
        'User-Agent: Softphone/3.2',
      ],
    });
    const octets = new TextEncoder().encode(base);
    const piece = fc.constantFrom(
      '*',
      ',',
      ';',
      '"',
      '<',
      '>',
      '\r\n ',
      '%',
      '\0',
      '\u00e9',
      '=',
      'q=',
      '0',
      '@',
      ' ',
      '',
    );
    const mutation = fc.record({ at: fc.nat(octets.length - 1), length: fc.nat(12), text: piece });
    const lane = new RegistrarLane();
    const peer = lane.addPeer();
    let answeredCount = 0;
    const good = fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      let text = base;
      for (const { at, length, text: inserted } of mutations) {
        text = text.slice(0, at) + inserted + text.slice(at + (length % 4 === 0 ? length : 0));
      }
      const answers = answersTo(lane, peer, new TextEncoder().encode(text));
      if (answers === undefined) return;
      answeredCount++;
      expectGoodAnswer(answers);
    });
    fc.assert(good, { numRuns: 5_000 });
    expect(answeredCount).toBeGreaterThan(500);
  });

  const folders = ['rfc4475', 'rfc5118', 'rfc-examples/sip', 'npm-sip-message-examples'].map((name) =>
    join(corpus, name),
  );
  const present = folders.filter((folder) => existsSync(folder));
  it.skipIf(present.length === 0)(`of the corpus is answered once (skipped when ${corpus} is absent)`, () => {
    const lane = new RegistrarLane();
    const peer = lane.addPeer();
    let answeredCount = 0;
    for (const folder of present) {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const answers = answersTo(lane, peer, new Uint8Array(readFileSync(join(entry.parentPath, entry.name))));
        if (answers === undefined) continue;
        answeredCount++;
        expectGoodAnswer(answers);
      }
    }
    expect(answeredCount).toBeGreaterThan(20);
  });
});
