// Tags: tokens, as many as there are numbers, the same whether a number is signed or not.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { tagText } from './tag-text.ts';

const bits = fc.integer({ min: 0, max: 2 ** 32 - 1 });

it('is nine digits or small letters, from which the 32 bits can be read again', () => {
  fc.assert(
    fc.property(bits, (number) => {
      const tag = tagText(number);
      expect(tag).toMatch(/^[0-9a-z]{9}$/);
      const [high, middle, low] = [0, 3, 6].map((at) => Number.parseInt(tag.slice(at, at + 3), 36));
      expect(high! * 2 ** 22 + middle! * 2 ** 11 + low!).toBe(number);
      expect(tagText(number | 0)).toBe(tag);
    }),
  );
  expect(tagText(0)).toBe('000000000');
  expect(tagText(2 ** 32 - 1)).toBe('0sf1kv1kv');
});
