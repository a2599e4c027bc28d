// The byte store against a naive model: an array of records. Whatever is written is read back unchanged until it is dropped,
// through wraps and growth.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordRing } from './record-ring.ts';

interface ModelRecord {
  readonly slot: number;
  readonly value: number;
  readonly length: number;
  offset: number;
}

const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('write' as const), length: fc.integer({ min: 0, max: 200 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('drop' as const), length: fc.constant(0) }) },
);

test('records come out in the order in which they went in, with their octets', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), (actions) => {
      const ring = new RecordRing(256, 4_096);
      const model: ModelRecord[] = [];
      let slotNext = 0;
      const dropFillers = (): void => {
        while (ring.count > 0 && ring.oldestSlot < 0) ring.dropOldest();
      };
      for (const { kind, length } of actions) {
        if (kind === 'drop') {
          dropFillers();
          if (model.length > 0) {
            ring.dropOldest();
            model.shift();
          }
        } else {
          if (!ring.fits(length) && ring.canGrow) {
            ring.grow((slot, before, offset) => {
              const record = model.find((known) => known.slot === slot);
              expect(record?.offset).toBe(before);
              record!.offset = offset;
            });
          }
          if (!ring.fits(length)) continue;
          const offset = ring.open(length);
          const record = { slot: slotNext++, value: (slotNext * 7) & 255, length, offset };
          ring.bytes.fill(record.value, offset, offset + length);
          ring.commit(record.slot, length);
          model.push(record);
        }
        dropFillers();
        expect(ring.usedBytes).toBeLessThanOrEqual(ring.bytes.length);
        if (model.length > 0) expect([ring.oldestSlot, ring.oldestOffset]).toEqual([model[0]!.slot, model[0]!.offset]);
        for (const { offset, length: octets, value } of model) {
          const stored = ring.bytes.subarray(offset, offset + octets);
          expect(stored.length).toBe(octets);
          expect(stored.every((octet) => octet === value)).toBe(true);
        }
      }
    }),
    { numRuns: 200 },
  );
});
