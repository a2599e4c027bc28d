// SVG as text: elements with attributes, numbers short enough to read, everything escaped.

type Attributes = Readonly<Record<string, string | number | undefined>>;

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
export const escapeText = (text: string): string => text.replace(/[&<>"]/g, (each) => escapes[each]!);

/** At most two digits behind the point: a hundredth of a pixel. */
export const pixels = (value: number): string => {
  if (!Number.isFinite(value)) throw new Error(`${value} is no place in a picture`);
  return String(Math.round(value * 100) / 100);
};

export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? pixels(value) : escapeText(value!)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export const textElement = (text: string, attributes: Attributes): string =>
  element('text', attributes, escapeText(text));

export const pathOf = (points: readonly (readonly [x: number, y: number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${pixels(x)} ${pixels(y)}`).join('');
