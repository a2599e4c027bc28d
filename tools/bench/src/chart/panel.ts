// One panel of a chart: axes with light grid lines, then bands, lines with markers, levels, diamonds and their labels.
import type { Panel, Point, Series } from './chart.ts';
import { diamond } from './diamond.ts';
import { type Box, boxesAlong, placeNear, pushApart, textWidth } from './label-place.ts';
import { linearScale, log2Scale, type Scale } from './scale.ts';
import { element, pathOf, textElement } from './svg.ts';

export const fontSize = 12.5;
const colours = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#444444'];
const dashes = [undefined, '8 4', undefined, '3 3', undefined];
const referenceColour = '#777777';
const labelGap = 16;
const room = { left: 72, right: 150, top: 34, bottom: 50 };

export interface Style {
  readonly colour: string;
  line(d: string): string;
  marker(x: number, y: number): string;
  /** A short line with its marker, for the legend. */
  sample(x: number, y: number): string;
}

export function styleOf({ style, isReference }: Pick<Series, 'style' | 'isReference'>): Style {
  const colour = isReference === true ? referenceColour : colours[style % colours.length]!;
  const dash = isReference === true ? '2 3' : dashes[style % dashes.length];
  const width = isReference === true ? 1.6 : 2.4;
  const line = (d: string) =>
    element('path', {
      d,
      fill: 'none',
      stroke: colour,
      'stroke-width': width,
      'stroke-dasharray': dash,
      'stroke-linejoin': 'round',
    });
  const marker = (x: number, y: number) => {
    if (isReference === true) return '';
    const shape = { fill: colour, stroke: '#ffffff', 'stroke-width': 1 };
    if (style % 3 === 0) return element('circle', { cx: x, cy: y, r: 4.2, ...shape });
    if (style % 3 === 1) return element('rect', { x: x - 3.8, y: y - 3.8, width: 7.6, height: 7.6, ...shape });
    return element('path', {
      d: `${pathOf([
        [x, y - 5],
        [x + 5, y + 4],
        [x - 5, y + 4],
      ])}Z`,
      ...shape,
    });
  };
  return {
    colour,
    line,
    marker,
    sample: (x, y) =>
      line(
        pathOf([
          [x, y],
          [x + 26, y],
        ]),
      ) + marker(x + 13, y),
  };
}

export function drawPanel(panel: Panel, box: Box): string {
  const plot: Box = {
    x: box.x + room.left,
    y: box.y + room.top,
    width: box.width - room.left - room.right,
    height: box.height - room.top - room.bottom,
  };
  const { xScale, yScale } = scalesOf(panel, plot);
  const at = ([x, y]: Point): Point => [xScale.place(x), yScale.place(y)];
  const lines = panel.series.map((series) => ({ series, style: styleOf(series), path: pathPoints(series, at) }));
  const taken = lines.flatMap(({ path }) => boxesAlong(path, 6));
  const parts = [axes(panel, plot, xScale, yScale)];
  for (const { series, style } of lines) parts.push(band(series, style, xScale, yScale));
  for (const { y, label } of panel.levels ?? []) parts.push(level(yScale.place(y), label, plot, taken));
  for (const { style, path } of lines) parts.push(style.line(pathOf(path)));
  for (const { series, style } of lines) parts.push(...series.points.map((point) => style.marker(...at(point))));
  for (const { point } of panel.marks) {
    const [x, y] = at(point);
    taken.push({ x: x - 9, y: y - 9, width: 18, height: 18 });
    parts.push(diamond(x, y));
  }
  for (const { point, label } of panel.marks) {
    const [x, y] = at(point);
    const spot = placeNear({ x, y }, { width: textWidth(label, fontSize), height: fontSize + 2 }, taken, plot);
    taken.push(spot);
    parts.push(haloText(label, { x: spot.x, y: spot.y + fontSize - 1, fill: '#000000' }));
  }
  parts.push(endLabels(panel, plot, yScale));
  return element('g', {}, ...parts);
}

function scalesOf(panel: Panel, plot: Box): { xScale: Scale; yScale: Scale } {
  const points = [...panel.series.flatMap((series) => series.points), ...panel.marks.map(({ point }) => point)];
  const xs = points.map(([x]) => x);
  const highs = panel.series.flatMap(({ band = [] }) => band.map(([, , high]) => high));
  const levels = (panel.levels ?? []).map(({ y }) => y);
  const yMax = Math.max(...points.map(([, y]) => y), ...highs, ...levels);
  return {
    xScale: log2Scale(Math.min(...xs), Math.max(...xs), plot.x + 14, plot.x + plot.width - 14),
    yScale: linearScale((yMax > 0 ? yMax : 1) * 1.06, plot.y + plot.height, plot.y),
  };
}

function pathPoints({ points, isStep }: Series, at: (point: Point) => Point): Point[] {
  const placed = points.map(at);
  if (isStep !== true) return placed;
  return placed.flatMap(([x, y], i) =>
    i === 0 ? [[x, y] as const] : [[x, placed[i - 1]![1]] as const, [x, y] as const],
  );
}

function axes({ title, xLabel, yLabel }: Panel, plot: Box, xScale: Scale, yScale: Scale): string {
  const bottom = plot.y + plot.height;
  const parts = [
    textElement(title, { x: plot.x - 56, y: plot.y - 14, 'font-size': 14, 'font-weight': 'bold', fill: '#222222' }),
  ];
  for (const tick of yScale.ticks) {
    const y = yScale.place(tick);
    const stroke = tick === 0 ? '#333333' : '#e3e3e3';
    parts.push(
      element('path', {
        d: pathOf([
          [plot.x, y],
          [plot.x + plot.width, y],
        ]),
        stroke,
        'stroke-width': 1,
      }),
      textElement(tick.toLocaleString('en-US'), {
        x: plot.x - 8,
        y: y + 4.5,
        'font-size': fontSize,
        fill: '#333333',
        'text-anchor': 'end',
      }),
    );
  }
  for (const tick of xScale.ticks) {
    const x = xScale.place(tick);
    parts.push(
      element('path', {
        d: pathOf([
          [x, bottom],
          [x, bottom + 5],
        ]),
        stroke: '#333333',
        'stroke-width': 1,
      }),
      textElement(tick.toLocaleString('en-US'), {
        x,
        y: bottom + 19,
        'font-size': fontSize,
        fill: '#333333',
        'text-anchor': 'middle',
      }),
    );
  }
  const middle = plot.y + plot.height / 2;
  const labelX = plot.x - 58;
  parts.push(
    textElement(xLabel, {
      x: plot.x + plot.width / 2,
      y: bottom + 40,
      'font-size': fontSize,
      fill: '#333333',
      'text-anchor': 'middle',
    }),
    textElement(yLabel, {
      x: labelX,
      y: middle,
      'font-size': fontSize,
      fill: '#333333',
      'text-anchor': 'middle',
      transform: `rotate(-90 ${labelX} ${middle})`,
    }),
  );
  return parts.join('');
}

function band({ band = [] }: Series, { colour }: Style, xScale: Scale, yScale: Scale): string {
  if (band.length < 2) return '';
  const upper = band.map(([x, , high]): Point => [xScale.place(x), yScale.place(high)]);
  const lower = band.map(([x, low]): Point => [xScale.place(x), yScale.place(low)]);
  return element('path', { d: `${pathOf([...upper, ...lower.toReversed()])}Z`, fill: colour, 'fill-opacity': '0.16' });
}

/** A line across the panel with its label on it, at the left. */
function level(y: number, label: string, plot: Box, taken: Box[]): string {
  const width = textWidth(label, fontSize);
  taken.push({ x: plot.x, y: y - 3, width: plot.width, height: 6 });
  taken.push({ x: plot.x + 6, y: y - 18, width, height: 18 });
  const d = pathOf([
    [plot.x, y],
    [plot.x + plot.width, y],
  ]);
  return (
    element('path', { d, stroke: '#000000', 'stroke-width': 1.5, 'stroke-dasharray': '10 4' }) +
    haloText(label, { x: plot.x + 6, y: y - 6, fill: '#000000' })
  );
}

function endLabels({ series }: Panel, plot: Box, yScale: Scale): string {
  const labelled = series.filter(({ endLabel, name, points }) => (endLabel ?? name) !== '' && points.length > 0);
  const wanted = labelled.map(({ points }) => yScale.place(points.at(-1)![1]));
  const placed = pushApart(wanted, labelGap, plot.y + 6, plot.y + plot.height - 4);
  return labelled
    .map((each, i) => {
      const { colour } = styleOf(each);
      const x = plot.x + plot.width + 8;
      // A thin thread where the label had to leave its line.
      const thread =
        Math.abs(placed[i]! - wanted[i]!) > 5
          ? element('path', {
              d: pathOf([
                [x - 14, wanted[i]!],
                [x - 2, placed[i]!],
              ]),
              stroke: colour,
              'stroke-width': 0.8,
            })
          : '';
      return (
        thread + haloText(each.endLabel ?? each.name, { x, y: placed[i]! + 4.5, fill: colour, 'font-weight': 'bold' })
      );
    })
    .join('');
}

/** Text with a white edge, so that lines behind it do not disturb. */
const haloText = (text: string, attributes: Readonly<Record<string, string | number>>): string =>
  textElement(text, {
    'font-size': fontSize,
    'paint-order': 'stroke',
    stroke: '#ffffff',
    'stroke-width': 3.5,
    'stroke-linejoin': 'round',
    ...attributes,
  });
