// The shape of a package and of a file (STYLE.md, A package, Comments, Size): obligatory files, one-screen READMEs, a header
// comment, files that fit in the head, a small front door.
import { exportedNames } from '../exports.ts';
import type { CodeFile, Finding, Kind, Rule, Workspace } from '../workspace.ts';

const LINES_MAX = 400;
const README_LINES_MAX = 60;
const NAMED_EXPORTS_MAX = 15;
const HEADER_SENTENCES_MAX = 5;

const OBLIGATORY: Readonly<Record<Kind, readonly string[]>> = {
  library: ['src/index.ts'],
  contract: ['src/index.ts', 'src/protocol.ts'],
  shell: ['src/index.ts'],
  actor: ['src/index.ts', 'src/protocol.ts', 'src/behaviour.ts'],
};

function linesOf(text: string): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}

/**
 * The sentences of the comment a file begins with; 0 when it begins with something else. A drawing or a table may follow
 * after an empty comment line and is not counted.
 */
function headerSentences(text: string): number {
  const lines = text.split('\n');
  if (lines[0]?.startsWith('#!')) lines.shift();
  const header: string[] = [];
  const isBlock = lines[0]?.trimStart().startsWith('/*') ?? false;
  for (const line of lines) {
    const words = line.trim().replace(/^(?:\/\/+|\/\*+|\*+\/|\*)\s?/, '');
    if (isBlock ? false : !line.startsWith('//')) break;
    if (words === '' && header.some((part) => part !== '')) break;
    header.push(words.replace(/\*\/\s*$/, ''));
    if (isBlock && line.includes('*/')) break;
  }
  const prose = header.join(' ').replace(/\s+/g, ' ').trim();
  if (prose.split(' ').length < 3) return 0;
  return Math.max(1, prose.split(/[.!?]['")`]?\s+(?=[A-Z`'"])/).length);
}

function* packageFindings({ code, texts, tower }: Workspace, project: string): Generator<Finding> {
  const name = project.slice(project.indexOf('/') + 1);
  const at = (file: string, advice: string): Finding => ({
    file: `${project}/${file}`,
    line: 1,
    rule: 'package-files',
    advice,
  });
  if (!project.startsWith('test/') && !texts.has(`${project}/README.md`))
    yield at('README.md', 'is missing: one screen with what, messages, state, limits, source');
  if (!project.startsWith('packages/')) return;
  const kind = tower.packages[name]?.kind;
  if (kind === undefined) {
    yield at('package.json', `${name} has no floor: give it one in tools/tidy/tower.json`);
    return;
  }
  const own = code.filter((file) => file.area === 'packages' && file.project === name);
  for (const path of OBLIGATORY[kind])
    if (!texts.has(`${project}/${path}`)) yield at(path, `is missing (obligatory for kind '${kind}')`);
  if (!own.some((file) => file.isTest)) yield at('src', 'has no tests: put x.test.ts beside x.ts');
  const hasCore = own.some(
    (file) => !file.isTest && exportedNames(file.tokens).some((exported) => /^step/.test(exported.name)),
  );
  if (kind === 'actor' && !hasCore)
    yield at('src', 'has no core: one file exports a function step...(state, received, out)');
}

/** `node src/x.ts` in a script of package.json names a file that exists. */
function* scriptFindings({ texts }: Workspace, project: string): Generator<Finding> {
  const path = `${project}/package.json`;
  const scripts = (JSON.parse(texts.get(path) ?? '{}') as { scripts?: Record<string, string> }).scripts ?? {};
  for (const [script, command] of Object.entries(scripts)) {
    const words = command.split(' ');
    const target =
      words[0] === 'node' ? words.find((word) => /\.[tj]s$/.test(word) && !word.startsWith('-')) : undefined;
    if (target === undefined || texts.has(`${project}/${target}`)) continue;
    yield { file: path, line: 1, rule: 'scripts', advice: `script '${script}' runs ${target}, which is not there` };
  }
}

function* fileFindings(file: CodeFile): Generator<Finding> {
  const lines = linesOf(file.text);
  if (lines > LINES_MAX) {
    const advice = `${lines} lines (${LINES_MAX} at most): give a family of messages its own file`;
    yield { file: file.path, line: LINES_MAX, rule: 'file-size', advice };
  }
  if (file.path.endsWith('.config.ts')) return;
  const sentences = headerSentences(file.text);
  if (sentences === 0) {
    const advice = 'begin the file with a comment of 1 to 5 sentences: what it is, the idea, the reference';
    yield { file: file.path, line: 1, rule: 'file-header', advice };
  } else if (sentences > HEADER_SENTENCES_MAX) {
    const advice = `the header has ${sentences} sentences: say it in ${HEADER_SENTENCES_MAX}`;
    yield { file: file.path, line: 1, rule: 'file-header', advice };
  }
  if (file.inside !== 'src/index.ts' || file.area !== 'packages') return;
  const exported = exportedNames(file.tokens);
  if (exported.length > NAMED_EXPORTS_MAX) {
    const advice = `${exported.length} named exports (${NAMED_EXPORTS_MAX} at most): words belong in protocol.ts, inner parts stay inside`;
    yield { file: file.path, line: exported[NAMED_EXPORTS_MAX]?.line ?? 1, rule: 'front-door', advice };
  }
}

export const shape: Rule = function* (workspace) {
  const { code, texts, projects } = workspace;
  if (!texts.has('LICENSE')) yield { file: 'LICENSE', line: 1, rule: 'package-files', advice: 'is missing' };
  for (const project of projects) {
    yield* packageFindings(workspace, project);
    yield* scriptFindings(workspace, project);
    const readme = `${project}/README.md`;
    const lines = linesOf(texts.get(readme) ?? '');
    if (lines <= README_LINES_MAX) continue;
    const advice = `${lines} lines (${README_LINES_MAX} at most): a README is one screen`;
    yield { file: readme, line: README_LINES_MAX, rule: 'readme-size', advice };
  }
  for (const file of code) yield* fileFindings(file);
};
