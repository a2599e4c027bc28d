// Scales against arithmetic, labels against each other, and documents that are well formed and say what they were given.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chartSvg, type Panel, type Picture } from './chart.ts';
import { boxesAlong, overlapOf, placeNear, pushApart } from './label-place.ts';
import { linearScale, log2Scale } from './scale.ts';
import { element, escapeText, pathOf, pixels } from './svg.ts';

describe('scales', () => {
  it('ends a linear axis at a round number that holds the greatest value, with 3 to 13 ticks', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), (max) => {
        const { ticks, place } = linearScale(max, 300, 0);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(max * (1 - 1e-9));
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(13);
        expect([place(0), place(ticks.at(-1)!)]).toEqual([300, 0]);
      }),
    );
    expect(linearScale(0.3, 0, 1).ticks).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
    expect(linearScale(10, 0, 1).ticks).toEqual([0, 2, 4, 6, 8, 10]);
    expect(() => linearScale(0, 0, 1)).toThrow('above 0');
  });

  it('gives each doubling the same way', () => {
    const { ticks, place } = log2Scale(1, 1_024, 0, 100);
    expect(ticks).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]);
    expect(ticks.map(place).map(Math.round)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    expect(log2Scale(3, 17, 0, 1).ticks).toEqual([4, 8, 16]);
    expect(log2Scale(1, 10_000, 0, 1).ticks).toEqual([1, 4, 16, 64, 256, 1_024, 4_096]);
    expect(() => log2Scale(0, 8, 0, 1)).toThrow('no doublings');
  });
});

describe('labels', () => {
  it('keeps labels of a column apart, inside, and in their order', () => {
    const places = fc.array(fc.double({ min: -50, max: 350, noNaN: true }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(places, (wanted) => {
        const placed = pushApart(wanted, 20, 0, 300);
        const order = wanted.map((_, i) => i).toSorted((a, b) => wanted[a]! - wanted[b]! || a - b);
        for (const [i, index] of order.entries()) {
          expect(placed[index]).toBeGreaterThanOrEqual(-1e-6);
          expect(placed[index]).toBeLessThanOrEqual(300 + 1e-6);
          if (i > 0) expect(placed[index]! - placed[order[i - 1]!]!).toBeGreaterThanOrEqual(20 - 1e-6);
        }
      }),
    );
  });

  it('leaves labels alone that have room, and shrinks the gap when there is none for all', () => {
    expect(pushApart([10, 100, 50], 16, 0, 200)).toEqual([10, 100, 50]);
    expect(pushApart([], 16, 0, 200)).toEqual([]);
    expect(pushApart([5, 5, 5], 16, 0, 10)).toEqual([0, 5, 10]);
  });

  it('finds a place near a point that covers neither a line nor another label', () => {
    const within = { x: 0, y: 0, width: 300, height: 300 };
    const line = boxesAlong(
      [
        [0, 150],
        [300, 150],
      ],
      6,
    );
    const first = placeNear({ x: 150, y: 150 }, { width: 60, height: 14 }, line, within);
    const second = placeNear({ x: 150, y: 150 }, { width: 60, height: 14 }, [...line, first], within);
    for (const box of [first, second]) {
      expect(line.reduce((sum, each) => sum + overlapOf(box, each), 0)).toBe(0);
      expect(overlapOf(box, within)).toBe(60 * 14);
    }
    expect(overlapOf(first, second)).toBe(0);
  });
});

describe('svg', () => {
  it('escapes text and attributes, and refuses numbers that are no place', () => {
    expect(escapeText('a < b & "c" > d')).toBe('a &lt; b &amp; &quot;c&quot; &gt; d');
    expect(element('g', { id: '"', skipped: undefined }, 'x')).toBe('<g id="&quot;">x</g>');
    expect(element('path', { x: 1.23456 })).toBe('<path x="1.23"/>');
    expect(() => pixels(Number.NaN)).toThrow('no place');
    expect(
      pathOf([
        [0, 1],
        [2.5, 3],
      ]),
    ).toBe('M0 1L2.5 3');
  });
});

describe('chartSvg', () => {
  const panel: Panel = {
    title: 'Hops & more',
    xLabel: 'peers',
    yLabel: 'hops',
    series: [
      {
        name: 'fingers',
        style: 0,
        points: [
          [1, 0],
          [128, 5],
        ],
        band: [
          [1, 0, 0],
          [128, 1, 6],
        ],
      },
      {
        name: 'one hop',
        style: 1,
        isStep: true,
        points: [
          [1, 0],
          [128, 1],
        ],
        endLabel: 'one hop: 1',
      },
      {
        name: 'log2 N',
        style: 4,
        isReference: true,
        points: [
          [1, 0],
          [128, 7],
        ],
        endLabel: '',
      },
    ],
    marks: [{ point: [128, 7], label: 'paper: 7' }],
    levels: [{ y: 6.5, label: 'a <level>' }],
  };
  const picture: Picture = {
    title: 'A finding',
    subtitle: 'how',
    panels: [panel, panel],
    markName: 'paper',
    bandName: 'least to most',
    notes: ['a note'],
  };
  const svg = chartSvg(picture);

  it('is a well-formed document', () => {
    const open: string[] = [];
    for (const [, closing, name, selfClosing] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (closing === '/') expect(open.pop()).toBe(name);
      else if (selfClosing === '') open.push(name!);
    }
    expect(open).toEqual([]);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
  });

  it('says everything that it was given, each legend entry once', () => {
    for (const text of ['A finding', 'how', 'Hops &amp; more', 'paper: 7', 'a &lt;level&gt;', 'one hop: 1', 'a note']) {
      expect(svg).toContain(`>${text}<`);
    }
    expect(svg.split('>least to most<')).toHaveLength(2);
    // Once in the legend: its end label is empty in both panels.
    expect(svg.split('>log2 N<')).toHaveLength(2);
    // Once in the legend and at the end of both lines.
    expect(svg.split('>fingers<')).toHaveLength(4);
    expect(chartSvg(picture)).toBe(svg);
  });

  it('draws a diamond for each mark and one for the legend', () => {
    expect(svg.split('stroke-width="1.8"')).toHaveLength(1 + 2 + 1);
  });
});
