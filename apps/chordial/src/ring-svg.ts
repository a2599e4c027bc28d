// The ring as a picture: a circle of arcs, one colour for each host, key 0 at the top and clockwise as the keys grow. Arcs thinner than
// 0.1 degrees are drawn as what owns most of that place, so that a ring of any size stays a small file.
import type { HostPicture, RingPicture } from './ring-picture.ts';

const size = 720;
const centre = 300;
const outer = 250;
const inner = 200;
const slots = 3_600;
/** More labels than this would stand on each other. */
const labelsMax = 64;
const legendMax = 18;
const legendX = 600;
const width = 1_000;

interface Arc {
  readonly host: number;
  readonly from: number;
  readonly to: number;
}

const point = (turn: number, radius: number): string => {
  const angle = turn * 2 * Math.PI;
  return `${(centre + radius * Math.sin(angle)).toFixed(1)},${(centre - radius * Math.cos(angle)).toFixed(1)}`;
};

/** 0 to 1 clockwise; 48 bits are finer than any screen. */
const turnOf = (key: string): number => Number.parseInt(key.slice(0, 12), 16) / 2 ** 48;

/** By golden angle, so that neighbours in the list differ; lightness in three steps where there are many. */
const colourOf = (index: number): string =>
  `hsl(${Math.round((index * 137.508 + 210) % 360)} 62% ${[48, 62, 36][Math.floor(index / 12) % 3]}%)`;

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]!);

/** At most 3,600 arcs, those of small rings exact. */
function arcsOf({ members }: RingPicture): Arc[] {
  if (members.length <= slots / 4) {
    return members.map(({ key, host }, index) => {
      const to = turnOf(key);
      const from = members.length === 1 ? to - 1 : turnOf(members.at(index - 1)!.key);
      return { host, from: from < to ? from : from - 1, to };
    });
  }
  const arcs: Arc[] = [];
  let member = 0;
  for (let slot = 0; slot < slots; slot++) {
    const middle = (slot + 0.5) / slots;
    while (member < members.length && turnOf(members[member]!.key) < middle) member++;
    const { host } = members[member % members.length]!;
    const last = arcs.at(-1);
    if (last?.host === host) arcs[arcs.length - 1] = { ...last, to: (slot + 1) / slots };
    else arcs.push({ host, from: slot / slots, to: (slot + 1) / slots });
  }
  return arcs;
}

function arcPath({ from, to }: Arc): string {
  // A full turn begins where it ends, and is drawn as two halves.
  if (to - from > 0.999)
    return `${arcPath({ host: 0, from, to: from + 0.5 })}${arcPath({ host: 0, from: from + 0.5, to })}`;
  const large = to - from > 0.5 ? 1 : 0;
  return `M${point(from, outer)}A${outer} ${outer} 0 ${large} 1 ${point(to, outer)}L${point(to, inner)}A${inner} ${inner} 0 ${large} 0 ${point(from, inner)}Z`;
}

function labels({ members }: RingPicture): string[] {
  const named =
    members.length <= labelsMax
      ? members.map(({ key }) => ({ turn: turnOf(key), text: key.slice(0, 4) }))
      : ['0', '4', '8', 'c'].map((digit, quarter) => ({ turn: quarter / 4, text: `${digit}000` }));
  return named.map(({ turn, text }) => {
    const [x, y] = point(turn, outer + 10).split(',');
    const degrees = turn * 360 - 90;
    const isLeft = turn > 0.5;
    const turned = isLeft ? degrees + 180 : degrees;
    const anchor = isLeft ? 'end' : 'start';
    return `<text x="${x}" y="${y}" transform="rotate(${turned.toFixed(1)} ${x} ${y})" text-anchor="${anchor}" dominant-baseline="middle" font-size="10">${text}</text>`;
  });
}

function legend(hosts: readonly HostPicture[], colours: ReadonlyMap<number, string>): string[] {
  const shown = hosts.slice(0, legendMax);
  const lines = shown.flatMap((each, row) => {
    const y = 70 + row * 34;
    const { host, phase, ring, sip, peersCount, share, isSelf } = each;
    const via = each.via === 0 ? '' : `, via ${each.via}`;
    return [
      `<rect x="${legendX}" y="${y - 11}" width="14" height="14" fill="${colours.get(host)}"${phase === 'alive' ? '' : ' opacity="0.3"'}/>`,
      `<text x="${legendX + 22}" y="${y}" font-weight="600">host ${host}${isSelf ? ' (asked)' : ''}: ${phase}${via}</text>`,
      `<text x="${legendX + 22}" y="${y + 14}" fill="#555">${escaped(ring === '' ? sip : ring)}, ${peersCount} peers, ${(share * 100).toFixed(1)} %</text>`,
    ];
  });
  if (hosts.length > shown.length)
    lines.push(
      `<text x="${legendX}" y="${70 + shown.length * 34}">and ${hosts.length - shown.length} more hosts</text>`,
    );
  return lines;
}

export function ringSvg(ring: RingPicture): string {
  const { peersCount, loadMaxToMean, members } = ring;
  const hosts = ring.hosts.filter(({ phase, peersCount: peers }) => phase !== 'left' || peers > 0);
  const numbers = [...new Set([...hosts.map(({ host }) => host), ...members.map(({ host }) => host)])];
  const colours = new Map(numbers.map((host, index) => [host, colourOf(index)]));
  const paths = new Map<number, string[]>();
  for (const arc of arcsOf(ring)) paths.set(arc.host, [...(paths.get(arc.host) ?? []), arcPath(arc)]);
  const stroke = members.length <= slots / 4 ? ' stroke="#fff" stroke-width="1"' : '';
  const withPeers = hosts.filter(({ peersCount: peers }) => peers > 0).length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${size}" font-family="system-ui, sans-serif" font-size="12" fill="#222">`,
    `<title>Ring of ${peersCount} peers</title>`,
    `<rect width="${width}" height="${size}" fill="#fff"/>`,
    ...[...paths].map(
      ([host, parts]) =>
        `<path fill="${colours.get(host)}"${stroke} d="${parts.join('')}"><title>host ${host}</title></path>`,
    ),
    ...labels(ring),
    `<g text-anchor="middle"><text x="${centre}" y="${centre - 12}" font-size="26" font-weight="600">${peersCount} peers</text>`,
    `<text x="${centre}" y="${centre + 14}" font-size="16">${withPeers} ${withPeers === 1 ? 'host' : 'hosts'}</text>`,
    `<text x="${centre}" y="${centre + 38}">the busiest owns ${loadMaxToMean.toFixed(2)} times the mean</text></g>`,
    `<text x="${legendX}" y="36" font-size="15" font-weight="600">Hosts</text>`,
    ...legend(hosts, colours),
    '</svg>',
    '',
  ].join('\n');
}
