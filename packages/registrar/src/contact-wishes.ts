// What the Contact headers of a REGISTER wish for. A single line of the usual shape is read by `contact-line.ts`; every
// other shape, right or wrong, is left to the parser, which takes several times as long. Both give the same wishes, which
// `contact-wishes.test.ts` checks.
import { ParseError, type Peek, parseMessage } from '@chordial/sip-parser';
import type { ContactAddress } from '@chordial/sip-parser/headers';
import { keyOfUri } from './contact-key.ts';
import { usualWish } from './contact-line.ts';
import type { HeaderLines } from './header-lines.ts';
import { ownText } from './own-text.ts';

export interface ContactWish {
  readonly contact: string;
  readonly contactKey: string;
  /** '' when absent. */
  readonly instance: string;
  /** 0 when absent. */
  readonly regId: number;
  /** 0..1000 */
  readonly q: number;
  /** Seconds; -1 when the contact has no `expires`. */
  readonly expires: number;
}

/** `*` is `Contact: *` on its own, `mixed` is `*` beside other contacts. */
export type ContactWishes = readonly ContactWish[] | '*' | 'mixed' | ParseError;

const noWishes: readonly ContactWish[] = [];

export function contactWishes(peeked: Peek, lines: HeaderLines): ContactWishes {
  if (lines.contactLinesCount === 0) return noWishes;
  if (lines.contactLinesCount === 1) {
    const wish = usualWish(peeked, lines.contactStart, lines.contactEnd);
    if (wish !== undefined) return [wish];
  }
  return parsedWishes(peeked.bytes, peeked.start, peeked.end);
}

/** The wishes as the parser reads them. */
export function parsedWishes(bytes: Uint8Array, start: number, end: number): ContactWishes {
  const parsed = parseMessage(bytes, start, end);
  if (!parsed.ok) return parsed.error;
  const contacts = parsed.message.contacts;
  if (contacts instanceof ParseError) return contacts;
  const wishes: ContactWish[] = [];
  for (const contact of contacts) {
    if (contact.star) return contacts.length === 1 ? '*' : 'mixed';
    wishes.push(wishOf(contact));
  }
  return wishes;
}

function wishOf(parsed: ContactAddress): ContactWish {
  const { uri, q, expires, instance, regId } = parsed;
  const contact = ownText(uri.text);
  const contactKey = keyOfUri(uri);
  return {
    contact,
    contactKey: contactKey === contact ? contact : ownText(contactKey),
    instance: instance !== undefined && isPrintable(instance) ? ownText(instance) : '',
    regId: regId ?? 0,
    q: q === undefined ? 1000 : Math.round(q * 1000),
    expires: expires ?? -1,
  };
}

/** Whether a text can be put between quotes as it is. */
function isPrintable(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 32 || code > 126 || code === 34 || code === 92) return false;
  }
  return true;
}
