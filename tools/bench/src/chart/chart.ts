// A picture of figures over ring sizes, as an SVG document that reads without colour: one or more panels beside each other, a log2
// axis of sizes, lines or steps with a band around them, others' points as diamonds, labels at the ends of the lines.
// Colours: Okabe and Ito, *Color Universal Design*, 2008. White ground, so that it reads in dark documents too.
import { diamond } from './diamond.ts';
import { type Box, textWidth } from './label-place.ts';
import { drawPanel, fontSize, styleOf } from './panel.ts';
import { element, escapeText, textElement } from './svg.ts';

export type Point = readonly [x: number, y: number];

export interface Series {
  readonly name: string;
  /** Which colour, dash and marker; the same number looks the same in all panels. */
  readonly style: number;
  readonly points: readonly Point[];
  /** Least and most at an x, drawn as a band. */
  readonly band?: readonly (readonly [x: number, low: number, high: number])[];
  /** Steps between the points instead of straight lines. */
  readonly isStep?: boolean;
  /** A bound or other line to compare with: thin, dotted, without markers. */
  readonly isReference?: boolean;
  /** At the end of the line; `name` when left out, nothing when empty. */
  readonly endLabel?: string;
}

/** What others measured: hollow diamonds with a label each. */
export interface Mark {
  readonly point: Point;
  readonly label: string;
}

export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  readonly marks: readonly Mark[];
  /** Horizontal lines across the panel. */
  readonly levels?: readonly { readonly y: number; readonly label: string }[];
}

export interface Picture {
  /** The finding, as a sentence. */
  readonly title: string;
  /** How it was found. */
  readonly subtitle: string;
  readonly panels: readonly Panel[];
  /** Name of what the diamonds and levels are. */
  readonly markName: string;
  readonly bandName?: string;
  readonly notes?: readonly string[];
}

const panelWidth = 600;
const panelHeight = 390;
const marginX = 24;
const legendTop = 80;
const legendRow = 22;
const lineHeight = 18;

export function chartSvg(picture: Picture): string {
  const { title, subtitle, panels, notes = [] } = picture;
  const width = marginX * 2 + panelWidth * panels.length;
  const { drawn: legendDrawn, bottom } = legend(picture, width);
  const headHeight = bottom + 24;
  const height = headHeight + panelHeight + notes.length * lineHeight + 16;
  const drawn = panels.map((panel, i) => {
    const box: Box = { x: marginX + i * panelWidth, y: headHeight, width: panelWidth, height: panelHeight };
    return drawPanel(panel, box);
  });
  const written = notes.map((note, i) =>
    textElement(note, {
      x: marginX,
      y: headHeight + panelHeight + (i + 1) * lineHeight,
      'font-size': 12,
      fill: '#555555',
    }),
  );
  const parts = [
    element('title', {}, escapeText(title)),
    element('rect', { width, height, fill: '#ffffff' }),
    textElement(title, { x: marginX, y: 32, 'font-size': 20, 'font-weight': 'bold', fill: '#111111' }),
    textElement(subtitle, { x: marginX, y: 54, 'font-size': 13, fill: '#555555' }),
    legendDrawn,
    ...drawn,
    ...written,
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    'font-family': 'DejaVu Sans, Verdana, Helvetica, Arial, sans-serif',
    role: 'img',
  };
  return `${element('svg', attributes, '\n', parts.join('\n'), '\n')}\n`;
}

/** As many lines as it takes: each name once, then what a diamond and a band are. */
function legend({ panels, markName, bandName }: Picture, width: number): { drawn: string; bottom: number } {
  const names = new Map<string, Series>();
  for (const series of panels.flatMap((panel) => panel.series))
    if (!names.has(series.name)) names.set(series.name, series);
  const entries: { name: string; sample: (x: number, y: number) => string }[] = [...names].map(([name, series]) => ({
    name,
    sample: (x, y) => styleOf(series).sample(x, y),
  }));
  if (bandName !== undefined) {
    entries.push({
      name: bandName,
      sample: (x, y) =>
        element('rect', { x, y: y - 6, width: 26, height: 12, fill: '#0072B2', 'fill-opacity': '0.18' }),
    });
  }
  if (markName !== '') entries.push({ name: markName, sample: (x, y) => diamond(x + 13, y) });
  let y = legendTop;
  let x = marginX;
  const parts: string[] = [];
  for (const { name, sample } of entries) {
    const length = 34 + textWidth(name, fontSize);
    if (x > marginX && x + length > width - marginX) {
      x = marginX;
      y += legendRow;
    }
    parts.push(sample(x, y), textElement(name, { x: x + 34, y: y + 4.5, 'font-size': fontSize, fill: '#222222' }));
    x += length + 22;
  }
  return { drawn: parts.join(''), bottom: y };
}
