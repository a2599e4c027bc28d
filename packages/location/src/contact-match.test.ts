// Keys as the registrar writes them; that they agree with RFC 3261 19.1.4 as a whole is tested beside their maker.
import { describe, expect, it } from 'vitest';
import { contactsMatch } from './contact-match.ts';

describe('RFC 3261 19.1.4', () => {
  it('cores must be the same', () => {
    expect(contactsMatch('sip:a@b', 'sip:a@b')).toBe(true);
    expect(contactsMatch('sip:a@b', 'sip:a@b:5060')).toBe(false);
    expect(contactsMatch('sip:a@b ;x=1', 'sip:a@c ;x=1')).toBe(false);
    expect(contactsMatch('sip:a@b ;x=1', 'sip:a@bb')).toBe(false);
  });

  it('"All other uri-parameters appearing in only one URI are ignored when comparing the URIs."', () => {
    expect(contactsMatch('sip:a@b ;line=1', 'sip:a@b')).toBe(true);
    expect(contactsMatch('sip:a@b', 'sip:a@b ;line=2')).toBe(true);
    expect(contactsMatch('sip:a@b ;a=1;line=1', 'sip:a@b ;line=1;ob')).toBe(true);
  });

  it('"Any uri-parameter appearing in both URIs must match."', () => {
    expect(contactsMatch('sip:a@b ;line=1', 'sip:a@b ;line=2')).toBe(false);
    expect(contactsMatch('sip:a@b ;a=1;line=1;z=1', 'sip:a@b ;b;line=2')).toBe(false);
    expect(contactsMatch('sip:a@b ;ob', 'sip:a@b ;ob=1')).toBe(false);
  });
});
