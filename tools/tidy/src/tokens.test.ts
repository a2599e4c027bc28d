// The tokenizer on the places where TypeScript is hard to read: slashes, templates, comments in strings.
import { expect, it } from 'vitest';
import { tokenize } from './tokens.ts';

const shown = (text: string) => tokenize(text).map(({ kind, text: content }) => `${kind} ${content}`);

it('tells a division from a regular expression', () => {
  expect(shown('a / b / c')).toEqual(['word a', 'mark /', 'word b', 'mark /', 'word c']);
  expect(shown('x = /[/]\\/+/gi.test(y)').slice(0, 4)).toEqual(['word x', 'mark =', 'regex [/]\\/+', 'mark .']);
  expect(shown('return /a b/')).toEqual(['word return', 'regex a b']);
  expect(shown('f(1) / 2')).toEqual(['word f', 'mark (', 'number 1', 'mark )', 'mark /', 'number 2']);
});

it('reads templates with code and braces inside', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is TypeScript
  expect(shown('`a${f({ b: `c` })}d` + e')).toEqual([
    'template a',
    'word f',
    'mark (',
    'mark {',
    'word b',
    'mark :',
    'template c',
    'mark }',
    'mark )',
    'template d',
    'mark +',
    'word e',
  ]);
});

it('keeps comments and strings apart', () => {
  expect(shown("'// no' // yes 'x'")).toEqual(['string // no', "comment // yes 'x'"]);
  expect(shown('/* a\n b */ c')).toEqual(['comment /* a\n b */', 'word c']);
  expect(shown("'it\\'s'")).toEqual(["string it\\'s"]);
});

it('counts lines through comments, templates and a shebang', () => {
  const tokens = tokenize('#!/usr/bin/env node\n/*\n*/ a\n`x\ny` b');
  expect(tokens.filter(({ kind }) => kind === 'word').map(({ text, line }) => [text, line])).toEqual([
    ['a', 3],
    ['b', 5],
  ]);
});

it('ends on any text', () => {
  for (const text of ['`', "'", '/', '/*', '`${', '`${`', '"\\', '/[', '}', '#!x'])
    expect(tokenize(text)).toBeInstanceOf(Array);
});
