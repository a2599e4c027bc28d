// A tokenizer for TypeScript, enough for house rules: it knows comments, strings, templates and regular expressions from
// code, and keeps line numbers. It is not a parser; rules look at short runs of tokens.

export type TokenKind = 'word' | 'string' | 'template' | 'number' | 'regex' | 'mark' | 'comment';

export interface Token {
  readonly kind: TokenKind;
  /** For strings and templates the text between the quotes, for a regular expression its pattern, else the text itself. */
  readonly text: string;
  readonly line: number;
}

const MARKS = ['>>>=', '...', '===', '!==', '**=', '<<=', '>>=', '&&=', '||=', '??=', '=>', '==', '!=', '<=', '>='];
const SHORT_MARKS = ['&&', '||', '??', '?.', '**', '++', '--', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='];
const WORD_START = /[A-Za-z_$#\u0080-\uffff]/;
const WORD = /[\w$#\u0080-\uffff]/;
const DIGIT = /[0-9]/;
/** Words after which a slash begins a regular expression, not a division. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'throw',
  'await',
  'yield',
  'else',
]);

/** Where the quoted text that begins at `from` (its opening quote) ends: the index of its closing quote. */
function closingQuote(text: string, from: number): number {
  const quote = text[from];
  let at = from + 1;
  while (at < text.length && text[at] !== quote && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1;
  return at;
}

function closingSlash(text: string, from: number): number {
  let inClass = false;
  let at = from + 1;
  while (at < text.length && text[at] !== '\n' && (inClass || text[at] !== '/')) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    at += 1;
  }
  return at;
}

function beginsRegex(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'word') return BEFORE_REGEX.has(previous.text);
  return previous.kind === 'mark' && ![')', ']', '}', '++', '--'].includes(previous.text);
}

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  /** Depth of braces at which an open template goes on, innermost last. */
  const templates: number[] = [];
  let depth = 0;
  let line = 1;
  let at = text.startsWith('#!') ? text.indexOf('\n') : 0;
  if (at === -1) at = text.length;
  let previous: Token | undefined;

  const take = (kind: TokenKind, end: number, content: string) => {
    const token: Token = { kind, text: content, line };
    for (let i = at; i < end && i < text.length; i++) if (text[i] === '\n') line += 1;
    at = end;
    tokens.push(token);
    if (kind !== 'comment') previous = token;
  };
  /** Takes template text that starts at `start`, up to its end or its next `${`. */
  const takeTemplate = (start: number) => {
    let end = start;
    while (end < text.length && text[end] !== '`' && !(text[end] === '$' && text[end + 1] === '{')) {
      end += text[end] === '\\' ? 2 : 1;
    }
    if (text[end] === '$') {
      templates.push(depth);
      depth += 1;
      take('template', end + 2, text.slice(start, end));
      previous = undefined;
    } else take('template', end + 1, text.slice(start, end));
  };

  while (at < text.length) {
    const char = text[at] as string;
    if (char === '\n') line += 1;
    if (/\s/.test(char)) {
      at += 1;
    } else if (text.startsWith('//', at)) {
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline;
      take('comment', end, text.slice(at, end));
    } else if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2);
      const end = close === -1 ? text.length : close + 2;
      take('comment', end, text.slice(at, end));
    } else if (char === "'" || char === '"') {
      const close = closingQuote(text, at);
      take('string', close + 1, text.slice(at + 1, close));
    } else if (char === '`') {
      takeTemplate(at + 1);
    } else if (char === '}' && templates.at(-1) === depth - 1) {
      templates.pop();
      depth -= 1;
      takeTemplate(at + 1);
    } else if (char === '/' && beginsRegex(previous)) {
      const close = closingSlash(text, at);
      const pattern = text.slice(at + 1, close);
      let end = close + 1;
      while (end < text.length && /[a-z]/.test(text[end] as string)) end += 1;
      take('regex', end, pattern);
    } else if (WORD_START.test(char)) {
      let end = at + 1;
      while (end < text.length && WORD.test(text[end] as string)) end += 1;
      take('word', end, text.slice(at, end));
    } else if (DIGIT.test(char)) {
      let end = at + 1;
      while (end < text.length && /[\w.]/.test(text[end] as string)) end += 1;
      take('number', end, text.slice(at, end));
    } else {
      const mark =
        MARKS.find((candidate) => text.startsWith(candidate, at)) ??
        SHORT_MARKS.find((candidate) => text.startsWith(candidate, at)) ??
        char;
      if (mark === '{') depth += 1;
      if (mark === '}') depth -= 1;
      take('mark', at + mark.length, mark);
    }
  }
  return tokens;
}
