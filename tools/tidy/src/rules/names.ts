// Names (STYLE.md, Names): files are kebab-case nouns, and nothing is called by a word that says nothing.
import { exportedNames } from '../exports.ts';
import type { Rule } from '../workspace.ts';

const BANNED = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'managers', 'misc']);
const KEBAB = /^[a-z0-9][a-z0-9-]*[a-z0-9]$|^[a-z0-9]$/;
/** What may stand between the noun and the extension: `kernel.model.test.ts`. */
const SUFFIXES = new Set([
  'trace',
  'model',
  'fuzz',
  'stress',
  'differential',
  'bench',
  'worker',
  'fixture',
  'config',
  'd',
  'test',
]);

function isKebabFile(base: string): boolean {
  const [noun = '', ...rest] = base.split('.');
  return KEBAB.test(noun) && !noun.includes('--') && rest.slice(0, -1).every((suffix) => SUFFIXES.has(suffix));
}

/** The lower-case words of a camelCase, PascalCase, kebab-case or SCREAMING_CASE name. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[-_.]/);
}

export const names: Rule = function* ({ code, projects }) {
  for (const project of projects) {
    const banned = wordsOf(project.slice(project.indexOf('/') + 1)).find((word) => BANNED.has(word));
    if (banned === undefined) continue;
    const advice = `'${banned}' in a project's name says nothing: name what it does`;
    yield { file: `${project}/package.json`, line: 1, rule: 'banned-names', advice };
  }
  for (const file of code) {
    const parts = file.inside.split('/');
    const base = parts.at(-1) ?? '';
    if (!isKebabFile(base)) {
      yield { file: file.path, line: 1, rule: 'file-names', advice: 'name the file with kebab-case nouns' };
    }
    const banned = parts.flatMap(wordsOf).find((word) => BANNED.has(word));
    if (banned !== undefined) {
      yield {
        file: file.path,
        line: 1,
        rule: 'banned-names',
        advice: `'${banned}' says nothing: name what the file is about`,
      };
    }
    for (const { name, line } of exportedNames(file.tokens)) {
      const word = wordsOf(name).find((candidate) => BANNED.has(candidate));
      if (word === undefined) continue;
      yield {
        file: file.path,
        line,
        rule: 'banned-names',
        advice: `'${word}' in ${name} says nothing: use a word of the field`,
      };
    }
  }
};
