// The sign of what others measured: a hollow diamond.
import { element, pathOf } from './svg.ts';

const radius = 6.5;

export function diamond(x: number, y: number): string {
  const corners = pathOf([
    [x, y - radius],
    [x + radius, y],
    [x, y + radius],
    [x - radius, y],
  ]);
  return element('path', { d: `${corners}Z`, fill: '#ffffff', stroke: '#000000', 'stroke-width': 1.8 });
}
