// The second entry, `@chordial/sip-parser/headers`: the values that a message's typed getters give, and URI comparison.

export type { AddressValue, ContactAddress, ContactValue, CseqValue, TypedValue, ViaValue } from './header-values.ts';
export { unescapeText } from './uri.ts';
export { uriEquals } from './uri-equality.ts';
