// The repository as rules see it: a map of paths to texts, the tower of floors, and for each code file its tokens and
// its imports. It is made from the disk by the command and from memory by tests.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Token, tokenize } from './tokens.ts';

export type Kind =
  /** Floor 0: plain data and functions. */
  | 'library'
  /** The actor contract. */
  | 'contract'
  /** Runs cores: runtime, simulator. */
  | 'shell'
  /** A core with its words. */
  | 'actor';

export interface Storey {
  readonly floor: number;
  readonly kind: Kind;
  /** Packages that handle the words of this one (port words are handled by shells). */
  readonly handledBy?: readonly string[];
}

/** A finding that is accepted: for one rule, one file (or folder), and a reason that a reader can judge. */
export interface Exception {
  readonly rule: string;
  readonly file: string;
  /** The finding's advice must contain this. */
  readonly about: string;
  readonly why: string;
}

export interface Tower {
  readonly packages: Readonly<Record<string, Storey>>;
  readonly exceptions: readonly Exception[];
}

export interface Import {
  readonly from: string;
  readonly line: number;
}

export interface CodeFile {
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly tokens: readonly Token[];
  readonly imports: readonly Import[];
  /** `packages`, `apps`, `tools` or `test`. */
  readonly area: string;
  /** The folder name of the project, such as `chord`. */
  readonly project: string;
  /** The path below the project, such as `src/index.ts`. */
  readonly inside: string;
  readonly isTest: boolean;
}

export interface Workspace {
  readonly tower: Tower;
  readonly texts: ReadonlyMap<string, string>;
  readonly code: readonly CodeFile[];
  /** `area/project` of every project. */
  readonly projects: readonly string[];
}

export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
  /** What is wrong and what to do. */
  readonly advice: string;
}

export type Rule = (workspace: Workspace) => Iterable<Finding>;

export const TOWER_PATH = 'tools/tidy/tower.json';
const AREAS = new Set(['packages', 'apps', 'tools', 'test']);
const TEXT_BYTES_MAX = 4_000_000;

/** Module names in `import ... from 'x'`, `export ... from 'x'`, `import 'x'` and `import('x')`. */
function importsOf(tokens: readonly Token[]): Import[] {
  const found: Import[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'string') continue;
    const before = tokens[i - 1];
    const called = before?.text === '(' && tokens[i - 2]?.text === 'import';
    if (before?.kind === 'word' && (before.text === 'from' || before.text === 'import')) {
      found.push({ from: token.text, line: token.line });
    } else if (called) found.push({ from: token.text, line: token.line });
  }
  return found;
}

function codeFile(tower: Tower, path: string, text: string): CodeFile | undefined {
  const [area, project, ...rest] = path.split('/');
  if (area === undefined || project === undefined || !AREAS.has(area) || !/\.(?:ts|js)$/.test(path)) return undefined;
  if (rest.length < 2) return undefined;
  const tokens = tokenize(text).filter((token) => token.kind !== 'comment');
  // A worker of a package that is no shell is a second thread of its tests.
  const isSupport =
    /\.fixture\.ts$/.test(path) || (/\.worker\.ts$/.test(path) && tower.packages[project]?.kind !== 'shell');
  const isTest = /\.test\.ts$/.test(path) || area === 'test' || isSupport;
  return { path, text, tokens, imports: importsOf(tokens), area, project, inside: rest.join('/'), isTest };
}

export function workspaceOf(tower: Tower, texts: ReadonlyMap<string, string>): Workspace {
  const code: CodeFile[] = [];
  const projects = new Set<string>();
  for (const [path, text] of texts) {
    const [area, project, file] = path.split('/');
    if (area !== undefined && AREAS.has(area) && project !== undefined && file === 'package.json') {
      projects.add(`${area}/${project}`);
    }
    const parsed = codeFile(tower, path, text);
    if (parsed !== undefined) code.push(parsed);
  }
  return { tower, texts, code, projects: [...projects].sort() };
}

/** Every file that is, or would be, committed. */
export function readWorkspace(root: string): Workspace {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const texts = new Map<string, string>();
  for (const path of listed.split('\0')) {
    const full = join(root, path);
    if (path === '' || !existsSync(full) || !statSync(full).isFile() || statSync(full).size > TEXT_BYTES_MAX) continue;
    const text = readFileSync(full, 'utf8');
    if (!text.includes('\0')) texts.set(path, text);
  }
  return workspaceOf(JSON.parse(texts.get(TOWER_PATH) ?? '{"packages":{},"exceptions":[]}') as Tower, texts);
}
