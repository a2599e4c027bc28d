// Makes a package from the template, which is itself a working package called counter: its names are replaced, its
// floor is entered in the tower, and nothing that exists is touched.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Wish {
  /** Kebab-case, the folder below packages/. */
  readonly name: string;
  readonly floor: number;
  readonly description: string;
}

export type Outcome =
  | { readonly ok: true; readonly files: string[] }
  | { readonly ok: false; readonly sentence: string };

const NAME_LENGTH_MAX = 40;
const FLOOR_MIN = 2;
const FLOOR_MAX = 5;
const BANNED = ['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'misc'];

/** Why the wish cannot be granted, or undefined. */
export function refusalOf({ name, floor, description }: Wish, taken: readonly string[]): string | undefined {
  const words = name.split('-');
  if (name.length > NAME_LENGTH_MAX || !words.every((word) => /^[a-z][a-z0-9]*$/.test(word))) {
    return `--name is kebab-case, at most ${NAME_LENGTH_MAX} letters, not '${name}'`;
  }
  const banned = words.find((word) => BANNED.includes(word));
  if (banned !== undefined) return `'${banned}' says nothing: name what the package does`;
  if (taken.includes(name)) return `there is a package called ${name}`;
  if (!Number.isInteger(floor) || floor < FLOOR_MIN || floor > FLOOR_MAX) {
    return `--floor is ${FLOOR_MIN} to ${FLOOR_MAX} (ARCHITECTURE.md, the tower)`;
  }
  if (description.trim() === '' || description.includes('\n')) return '--description is one line, and not empty';
  return undefined;
}

function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The template's text with its names replaced by those of the wish. */
export function renamed(text: string, { name, description }: Wish, isJson: boolean): string {
  const camel = camelCase(name);
  const pascal = camel.charAt(0).toUpperCase() + camel.slice(1);
  const shown = isJson ? JSON.stringify(description).slice(1, -1) : description;
  return text
    .replace(/counter(?=[A-Z])/g, () => camel)
    .replace(/Counter/g, () => pascal)
    .replace(/counter/g, () => name)
    .replace(/DESCRIPTION/g, () => shown);
}

/** tower.json with a line for the new package after the last one of its floor or below; other lines stay as they are. */
export function withStorey(tower: string, { name, floor }: Wish): string {
  const lines = tower.split('\n');
  const floors = lines.map((line) => Number(/^ {4}"[a-z0-9-]+": \{ "floor": (\d)/.exec(line)?.[1] ?? Number.NaN));
  const below = floors.findLastIndex((other) => other <= floor);
  if (!lines[below]?.endsWith(',')) lines[below] += ',';
  const comma = Number.isNaN(floors[below + 1]) ? '' : ',';
  return lines.toSpliced(below + 1, 0, `    "${name}": { "floor": ${floor}, "kind": "actor" }${comma}`).join('\n');
}

export function generate(template: string, root: string, wish: Wish): Outcome {
  const folder = join(root, 'packages', wish.name);
  const towerPath = join(root, 'tools/tidy/tower.json');
  const tower = readFileSync(towerPath, 'utf8');
  const { packages } = JSON.parse(tower) as { packages: object };
  const taken = [...Object.keys(packages), 'counter', ...(existsSync(folder) ? [wish.name] : [])];
  const refusal = refusalOf(wish, taken);
  if (refusal !== undefined) return { ok: false, sentence: refusal };
  const files: string[] = [];
  for (const entry of readdirSync(template, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const from = join(entry.parentPath, entry.name);
    const inside = from.slice(template.length + 1);
    // A leading underscore keeps a compiler setting from holding for the template in place.
    const to = join(folder, renamed(inside, wish, false).replace(/^_/, ''));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, renamed(readFileSync(from, 'utf8'), wish, inside.endsWith('.json')));
    files.push(to);
  }
  writeFileSync(towerPath, withStorey(tower, wish));
  return { ok: true, files };
}
