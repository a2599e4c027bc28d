// The text of a version and its parts. A version is what its copy has seen: all writes of a site up to a counter (the vector, which is also
// the context that clients are given), and, one by one, the writes whose values it holds (the dots).
//
//   a.1kf,2c.1kg | 2c.1kh,7.1kj        site.counter in base 36; the vector by site, the dots by counter, then site
//
// Between writes of one site the vector has no gaps, between those that live side by side the dots tell one from another (Preguiça et al.,
// *Dotted Version Vectors*, 2010).

/** Sites in a vector; those with the oldest counters are dropped, whereby what they superseded may come back, but nothing is lost. */
export const sitesMax = 16;
/** Values beside each other: room for what two parts of a ring have of `siblingsWrittenMax` each. Above that the oldest counts as seen. */
export const siblingsMax = 32;
/** 48 entries of two numbers in base 36. */
export const versionTextMax = 1_000;

/** One write: the how-manieth of which coordinator. */
export interface Dot {
  readonly site: number;
  readonly counter: number;
}

/** Parsed once per comparison into memory that is used again. */
export interface VersionParts {
  vectorCount: number;
  readonly vectorSites: number[];
  readonly vectorCounters: number[];
  dotsCount: number;
  readonly dotSites: number[];
  readonly dotCounters: number[];
}

export const emptyParts = (): VersionParts => ({
  vectorCount: 0,
  vectorSites: [],
  vectorCounters: [],
  dotsCount: 0,
  dotSites: [],
  dotCounters: [],
});

/** Fills `parts`; false, and they are empty, when the text is no version. */
export function parseVersion(text: string, parts: VersionParts): boolean {
  const bar = typeof text === 'string' ? text.indexOf('|') : -1;
  if (
    bar >= 0 &&
    text.length <= versionTextMax &&
    parseVector(text, bar, parts) &&
    parseDots(text, bar + 1, text.length, parts)
  )
    return true;
  parts.vectorCount = parts.dotsCount = 0;
  return false;
}

/** The same for a context, which is a vector alone. */
export function parseContext(text: string, parts: VersionParts): boolean {
  parts.dotsCount = 0;
  if (typeof text === 'string' && text.length <= versionTextMax && parseVector(text, text.length, parts)) return true;
  parts.vectorCount = 0;
  return false;
}

/** Strictly ascending sites. */
function parseVector(text: string, end: number, parts: VersionParts): boolean {
  const count = parseEntries(text, 0, end, parts.vectorSites, parts.vectorCounters, sitesMax);
  parts.vectorCount = Math.max(count, 0);
  for (let i = 1; i < count; i++) if (parts.vectorSites[i - 1]! >= parts.vectorSites[i]!) return false;
  return count >= 0;
}

/** Ascending counters, and sites where those are equal. */
function parseDots(text: string, start: number, end: number, parts: VersionParts): boolean {
  const { dotSites, dotCounters } = parts;
  const count = parseEntries(text, start, end, dotSites, dotCounters, siblingsMax);
  parts.dotsCount = Math.max(count, 0);
  for (let i = 1; i < count; i++) {
    const [before, counter] = [dotCounters[i - 1]!, dotCounters[i]!];
    if (before > counter || (before === counter && dotSites[i - 1]! >= dotSites[i]!)) return false;
  }
  return count >= 0;
}

/** How many there are; -1 when they are none or too many. */
function parseEntries(
  text: string,
  start: number,
  end: number,
  sites: number[],
  counters: number[],
  countMax: number,
): number {
  if (start === end) return 0;
  let count = 0;
  let number = 0;
  let digits = 0;
  let isSite = true;
  for (let i = start; i <= end; i++) {
    const code = i < end ? text.charCodeAt(i) : comma;
    if (code === dot || code === comma) {
      if (digits === 0 || isSite !== (code === dot) || number > Number.MAX_SAFE_INTEGER) return -1;
      if (isSite) {
        if (count === countMax) return -1;
        sites[count] = number;
      } else counters[count++] = number;
      isSite = !isSite;
      number = digits = 0;
      continue;
    }
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 122 ? code - 87 : -1;
    // A leading zero would be a second text of the same version.
    if (digit < 0 || ++digits > digitsMax || (number === 0 && digits > 1)) return -1;
    number = number * 36 + digit;
  }
  return count;
}
const dot = 46;
const comma = 44;
/** Of 2^53 in base 36. */
const digitsMax = 11;

export function versionText(parts: VersionParts): string {
  return `${contextText(parts)}|${entriesText(parts.dotSites, parts.dotCounters, parts.dotsCount)}`;
}

export const contextText = (parts: VersionParts): string =>
  entriesText(parts.vectorSites, parts.vectorCounters, parts.vectorCount);

function entriesText(sites: readonly number[], counters: readonly number[], count: number): string {
  let text = '';
  for (let i = 0; i < count; i++) text += `${i === 0 ? '' : ','}${base36(sites[i]!)}.${base36(counters[i]!)}`;
  return text;
}

/** `toString(36)` is slow, and counters of one time differ in their last four digits only: the others are remembered. */
function base36(number: number): string {
  if (number < 36 ** 4) return remembered(number);
  const high = Math.floor(number / 36 ** 4);
  const low = number - high * 36 ** 4;
  return remembered(high) + digitPairs[Math.floor(low / 36 ** 2)]! + digitPairs[low % 36 ** 2]!;
}
const digitPairs = Array.from({ length: 36 ** 2 }, (_, i) => i.toString(36).padStart(2, '0'));

function remembered(number: number): string {
  const slot = number % slotsCount;
  if (numbers[slot] !== number) {
    numbers[slot] = number;
    texts[slot] = number.toString(36);
  }
  return texts[slot]!;
}
const slotsCount = 64;
const numbers: number[] = new Array(slotsCount).fill(-1);
const texts: string[] = new Array(slotsCount).fill('');

/** The counter up to which the vector has seen a site; -1 for a site that it does not name. */
export function seenOf(parts: VersionParts, site: number): number {
  for (let i = 0; i < parts.vectorCount; i++) if (parts.vectorSites[i] === site) return parts.vectorCounters[i]!;
  return -1;
}

export function holdsDot(parts: VersionParts, site: number, counter: number): boolean {
  for (let i = 0; i < parts.dotsCount; i++)
    if (parts.dotCounters[i] === counter && parts.dotSites[i] === site) return true;
  return false;
}

/** Raises the vector at a site, where it is not that high already; it may become longer than `sitesMax`. */
export function raise(parts: VersionParts, site: number, counter: number): void {
  const { vectorSites, vectorCounters } = parts;
  let at = 0;
  while (at < parts.vectorCount && vectorSites[at]! < site) at++;
  if (at < parts.vectorCount && vectorSites[at] === site) {
    if (vectorCounters[at]! < counter) vectorCounters[at] = counter;
    return;
  }
  for (let i = parts.vectorCount; i > at; i--) {
    vectorSites[i] = vectorSites[i - 1]!;
    vectorCounters[i] = vectorCounters[i - 1]!;
  }
  vectorSites[at] = site;
  vectorCounters[at] = counter;
  parts.vectorCount++;
}

/** Drops the sites with the oldest counters until `sitesMax` are left. */
export function boundVector(parts: VersionParts): void {
  const { vectorSites, vectorCounters } = parts;
  while (parts.vectorCount > sitesMax) {
    let oldest = 0;
    for (let i = 1; i < parts.vectorCount; i++) if (vectorCounters[i]! < vectorCounters[oldest]!) oldest = i;
    for (let i = oldest + 1; i < parts.vectorCount; i++) {
      vectorSites[i - 1] = vectorSites[i]!;
      vectorCounters[i - 1] = vectorCounters[i]!;
    }
    parts.vectorCount--;
  }
}
