// The pictures of bench:replication: what a put and a get cost, and what a record takes on disk, by the number of records or of peers.
import { chartSvg, type Panel, type Series } from './chart/chart.ts';
import type { GrowthFigures } from './replication-growth.ts';
import { fixed, whole } from './report.ts';
import type { Spread } from './statistics.ts';

export interface Curve {
  readonly name: string;
  readonly figures: readonly GrowthFigures[];
}

const seriesOf = (name: string, style: number, curve: Curve, x: X, y: (each: GrowthFigures) => Spread): Series => ({
  name,
  style,
  points: curve.figures.map((each) => [x(each), y(each).median] as const),
  band: curve.figures.map((each) => [x(each), y(each).min, y(each).max] as const),
});
type X = (each: GrowthFigures) => number;

function costPanel(title: string, xLabel: string, curve: Curve, x: X): Panel {
  return {
    title,
    xLabel,
    yLabel: 'CPU us of the server',
    series: [
      seriesOf('a put', 0, curve, x, ({ putCpuUs }) => putCpuUs),
      seriesOf('a get', 1, curve, x, ({ getCpuUs }) => getCpuUs),
    ],
    marks: [],
  };
}

function changeText({ figures }: Curve): string {
  const [least, most] = [figures[0]!.putCpuUs.median, figures.at(-1)!.putCpuUs.median];
  return `${fixed(least, 0)} to ${fixed(most, 0)} us of CPU`;
}

const notes = [
  'Lines: medians. The client, inside the server process, is in the CPU times. Values of 300 characters, each put synced.',
];

export function recordsPicture(curve: Curve, rounds: number): string {
  const x: X = ({ records }) => records / 1_000;
  const xLabel = 'thousands of records, logarithmic';
  const bytes: Panel = {
    title: 'On disk',
    xLabel,
    yLabel: 'bytes a record, log included',
    series: [
      {
        name: 'file and log',
        style: 2,
        points: curve.figures.map((each) => [x(each), each.bytesPerRecord + each.logBytes / each.records] as const),
      },
    ],
    marks: [],
  };
  const { records } = curve.figures.at(-1)!;
  return chartSvg({
    title: `A durable put costs ${changeText(curve)} with up to ${whole(records)} records`,
    subtitle: `One host with SQLite on its storage lane, ${whole(curve.figures[0]!.peersEach)} peers; all sizes in turns, ${rounds} rounds.`,
    panels: [costPanel('Cost', xLabel, curve, x), bytes],
    markName: '',
    bandName: 'least to most of the rounds',
    notes,
  });
}

export function peersPicture(curves: readonly Curve[], rounds: number): string {
  const x: X = ({ peersEach }) => peersEach;
  const first = curves[0]!;
  return chartSvg({
    title: `A durable put of ${first.name} costs ${changeText(first)} with up to ${whole(first.figures.at(-1)!.peersEach)} peers`,
    subtitle: `${whole(first.figures[0]!.records)} records; with three hosts all of their CPU time together, three synced copies; ${rounds} rounds.`,
    panels: curves.map((curve) => costPanel(curve.name, 'peers a host, logarithmic', curve, x)),
    markName: '',
    bandName: 'least to most of the rounds',
    notes,
  });
}
