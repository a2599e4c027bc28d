// Where labels go so that none lies on another: labels at the ends of lines are pushed apart in one column, labels of single
// points take the place around the point that covers least.

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Width of a text in a usual sans-serif font, on the safe side. */
export const textWidth = (text: string, fontSize: number): number => text.length * fontSize * 0.57;

export function overlapOf(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/**
 * Places in one column as near as possible to the wanted ones, at least `gap` apart and within [min, max], in the order wanted. When
 * there is no room for all, the gap shrinks.
 */
export function pushApart(wanted: readonly number[], gap: number, min: number, max: number): number[] {
  if (wanted.length === 0) return [];
  const order = wanted.map((_, i) => i).toSorted((a, b) => wanted[a]! - wanted[b]! || a - b);
  const least = Math.min(gap, wanted.length > 1 ? (max - min) / (wanted.length - 1) : gap);
  const places = order.map((i) => Math.min(max, Math.max(min, wanted[i]!)));
  // Neighbours that are too close form a block around the mean of what they wanted; blocks that touch are joined.
  const blocks: { sum: number; count: number }[] = [];
  const startOf = ({ sum, count }: { sum: number; count: number }): number => {
    const length = (count - 1) * least;
    return Math.min(max - length, Math.max(min, sum / count - length / 2));
  };
  for (const place of places) {
    blocks.push({ sum: place, count: 1 });
    while (blocks.length > 1) {
      const [before, last] = [blocks.at(-2)!, blocks.at(-1)!];
      if (startOf(before) + before.count * least <= startOf(last) + 1e-9) break;
      blocks.splice(-2, 2, { sum: before.sum + last.sum, count: before.count + last.count });
    }
  }
  const placed = new Array<number>(wanted.length);
  let next = 0;
  for (const block of blocks) {
    const start = startOf(block);
    for (let i = 0; i < block.count; i++) placed[order[next++]!] = start + i * least;
  }
  return placed;
}

/** The box of a label near a point: of the places around it, the first that covers nothing, or that which covers least. */
export function placeNear(
  point: { readonly x: number; readonly y: number },
  size: { readonly width: number; readonly height: number },
  taken: readonly Box[],
  within: Box,
): Box {
  const { width, height } = size;
  const candidates: Box[] = [];
  for (const away of [9, 22, 40, 60]) {
    for (const [dx, dy] of [
      [-width / 2, -away - height],
      [-width - away, -height - away / 2],
      [away, -height - away / 2],
      [-width - away, -height / 2],
      [away, -height / 2],
      [-width / 2, away],
      [away, away / 2],
      [-width - away, away / 2],
    ] as const) {
      candidates.push({ x: point.x + dx, y: point.y + dy, width, height });
    }
  }
  const costOf = (box: Box): number => {
    const outside = width * height - overlapOf(box, within);
    return outside * 10 + taken.reduce((sum, each) => sum + overlapOf(box, each), 0);
  };
  let best = candidates[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const cost = costOf(candidate);
    if (cost >= least - 1e-9) continue;
    least = cost;
    best = candidate;
  }
  return best;
}

/** Small boxes along a line, so that labels keep off it. */
export function boxesAlong(points: readonly (readonly [x: number, y: number])[], thick: number): Box[] {
  const boxes: Box[] = [];
  for (let i = 1; i < points.length; i++) {
    const [[x1, y1], [x2, y2]] = [points[i - 1]!, points[i]!];
    const count = Math.max(1, Math.ceil(Math.hypot(x2 - x1, y2 - y1) / thick));
    for (let k = 0; k <= count; k++) {
      const [x, y] = [x1 + ((x2 - x1) * k) / count, y1 + ((y2 - y1) * k) / count];
      boxes.push({ x: x - thick / 2, y: y - thick / 2, width: thick, height: thick });
    }
  }
  return boxes;
}
