// The token that hosts of a ring share: who has it may join. It is never printed, logged or shown, so it is kept in a wrapper that
// writes itself as `(secret)` wherever it is turned into text by accident.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

/** A guess over the network is hopeless from here on, if the token was drawn by lot. */
export const tokenLengthMin = 16;
export const tokenLengthMax = 256;

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  get length(): number {
    return this.#text.length;
  }

  toString(): string {
    return '(secret)';
  }

  toJSON(): string {
    return '(secret)';
  }

  [inspect.custom](): string {
    return '(secret)';
  }
}

/** A fresh token: 24 random bytes as 32 characters that need no quotes in a shell. */
export const drawToken = (): string => randomBytes(24).toString('base64url');

export const isTokenText = (text: string): boolean => /^[\x21-\x7e]+$/.test(text) && text.length <= tokenLengthMax;

/** The token in a file, without the line end; a sentence where there is none. */
export function readToken(path: string): Secret | string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    return `a file with the token; it cannot be read (${(error as NodeJS.ErrnoException).code}). Make one: chordial token > ${path}`;
  }
  if (isTokenText(text)) return new Secret(text);
  return `a file with one line of printable characters without spaces; make one: chordial token > ${path}`;
}
