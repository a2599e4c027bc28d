// The second entry, `@chordial/sip-parser/headers`: what the typed getters, the parser and
// the framer give, and URI comparison.

export type { AddressValue, ContactAddress, ContactValue, CseqValue, TypedValue, ViaValue } from './header-values.ts';
export type { ParseResult } from './parse.ts';
export type { Frame, FramerOptions } from './stream-framer.ts';
export { unescapeText } from './uri.ts';
export { uriEquals } from './uri-equality.ts';
