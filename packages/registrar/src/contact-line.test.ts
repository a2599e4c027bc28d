// What a wish keeps alive: its own texts and not the header value they were read from.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Peek, peek } from '@chordial/sip-parser';
import { describe, expect, it } from 'vitest';
import { requestText } from '../bench/registrar-lane.ts';
import { usualWish } from './contact-line.ts';
import { HeaderLines } from './header-lines.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

function wishOf(value: string) {
  const bytes = new TextEncoder().encode(requestText({ lines: [`Contact: ${value}`] }));
  const peeked = new Peek();
  const lines = new HeaderLines();
  if (!peek(bytes, 0, bytes.length, peeked)) throw new Error('the request can be read');
  lines.read(peeked.bytes, peeked.start, peeked.bodyStart);
  return usualWish(peeked, lines.contactStart, lines.contactEnd);
}

const wishesCount = 500;
const long = 'x'.repeat(20_000);

describe('a wish that is kept', () => {
  it.each([
    ['display name', (n: number) => `"${long}" <sip:user-number-${n}@192.0.2.4:5060>`],
    ['unknown parameter', (n: number) => `<sip:user-number-${n}@192.0.2.4:5060>;x=${long}`],
    [
      'display name, the instance being kept',
      (n: number) => `"${long}" <sip:user-number-${n}@192.0.2.4:5060>;+sip.instance="<urn:uuid:number-${n}>"`,
    ],
    ['display name, the key being another text', (n: number) => `"${long}" <sip:User-Number-${n}@H.example;ob>`],
  ])('does not keep a long %s', (_what, headerValue) => {
    const before = heapBytes();
    const kept = Array.from({ length: wishesCount }, (_, n) => wishOf(headerValue(n)));
    const bytesPerWish = (heapBytes() - before) / wishesCount;
    expect(kept[7]?.contact.toLowerCase()).toContain('user-number-7@');
    expect(kept).not.toContain(undefined);
    expect(bytesPerWish).toBeLessThan(5_000);
  });
});
