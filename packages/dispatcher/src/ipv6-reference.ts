// One text for all spellings of an IPv6 reference (`[::1]`, RFC 3261 25.1), as RFC 5952 1 warns that text comparison does
// not do: the eight groups in lower case without leading zeros. Strict, as nothing that is no address may equal one.

/** Octets: brackets, six groups and an IPv4 address. */
export const IPV6_REFERENCE_MAX = 47;

/** `[0:0:0:0:0:0:0:1]` as `0:0:0:0:0:0:0:1`; undefined for what is no IPv6 address in brackets. */
export function ipv6Groups(reference: string): string | undefined {
  if (reference.length > IPV6_REFERENCE_MAX || !reference.startsWith('[') || !reference.endsWith(']')) return undefined;
  const halves = reference.slice(1, -1).split('::');
  if (halves.length > 2) return undefined;
  const before = groupsOf(halves[0]!, halves.length === 1);
  const after = halves.length === 1 ? [] : groupsOf(halves[1]!, true);
  if (before === undefined || after === undefined) return undefined;
  const missing = 8 - before.length - after.length;
  // RFC 4291 2.2: "::" stands for one or more groups.
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...before, ...Array<number>(missing).fill(0), ...after].map((group) => group.toString(16)).join(':');
}

/** The groups on one side of `::`. An IPv4 address may end the whole. */
function groupsOf(half: string, isLast: boolean): number[] | undefined {
  if (half === '') return [];
  const groups: number[] = [];
  const texts = half.split(':');
  for (const [i, text] of texts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(text)) groups.push(Number.parseInt(text, 16));
    else {
      const octets = isLast && i === texts.length - 1 ? text.split('.') : [];
      if (octets.length !== 4 || !octets.every((octet) => /^\d{1,3}$/.test(octet) && Number(octet) <= 255))
        return undefined;
      const [a, b, c, d] = octets.map(Number);
      groups.push(a! * 256 + b!, c! * 256 + d!);
    }
  }
  return groups;
}
