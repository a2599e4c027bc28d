// Completes a package-lock.json. npm install leaves out an optional package for another platform when the registry
// cannot describe it, and npm ci then refuses the lock file it was given ("Missing: ... from lock file"). The name and
// exact version of such a package stand in its dependent's entry, its platform stands in its name: that is all npm ci
// needs to skip it here and to fetch it where it belongs. Entries never name a registry host.

export interface LockEntry {
  version?: string;
  resolved?: string;
  link?: boolean;
  dev?: boolean;
  optional?: boolean;
  devOptional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface Lockfile {
  packages: Record<string, LockEntry>;
}

export interface Completion {
  lockfile: Lockfile;
  /** Paths of entries that were added. */
  added: string[];
  /** Paths of entries whose registry address was removed. */
  stripped: string[];
  /** What no entry could be made for, as sentences. */
  problems: string[];
}

const OPERATING_SYSTEMS = new Map([
  ['android', 'android'],
  ['darwin', 'darwin'],
  ['freebsd', 'freebsd'],
  ['linux', 'linux'],
  ['openharmony', 'openharmony'],
  ['sunos', 'sunos'],
  ['win', 'win32'],
  ['win32', 'win32'],
]);
const PROCESSORS = new Set([
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'wasm32',
  'x64',
]);
const EXACT_VERSION = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;
const WEB_ADDRESS = /^(?:git\+)?https?:/;

/** The platform a package name such as `@nx/nx-linux-x64-musl` speaks of; undefined when it names none. */
export function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> | undefined {
  const words = name.slice(name.indexOf('/') + 1).split('-');
  const os = words.map((word) => OPERATING_SYSTEMS.get(word)).find((found) => found !== undefined);
  const cpu = words.find((word) => PROCESSORS.has(word));
  if (os === undefined || cpu === undefined) return undefined;
  const musl = words.some((word) => word.startsWith('musl'));
  const glibc = os === 'linux' && words.some((word) => word.startsWith('gnu'));
  return { os: [os], cpu: [cpu], ...(musl ? { libc: ['musl'] } : glibc ? { libc: ['glibc'] } : {}) };
}

/** Where `name`, wanted by the package at `from`, is found by Node's walk up the folders. */
export function entryPathOf(packages: Record<string, LockEntry>, from: string, name: string): string | undefined {
  let folder = from;
  for (;;) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (folder === '') return undefined;
    const at = folder.lastIndexOf('/node_modules/');
    folder = at === -1 ? '' : folder.slice(0, at);
  }
}

/** Keys in npm's order (version, then the alphabet), so that npm install has nothing to rewrite. */
function entryFor(dependent: LockEntry, name: string, version: string): LockEntry | undefined {
  const platform = platformOf(name);
  if (platform === undefined) return undefined;
  const { os = [], cpu = [], libc } = platform;
  return {
    version,
    cpu,
    ...(dependent.dev === true ? { dev: true } : {}),
    ...(dependent.devOptional === true ? { devOptional: true } : {}),
    ...(libc === undefined ? {} : { libc }),
    ...(dependent.devOptional === true ? {} : { optional: true }),
    os,
  };
}

export function complete(lockfile: Lockfile): Completion {
  const packages: Record<string, LockEntry> = { ...lockfile.packages };
  const completion: Completion = { lockfile, added: [], stripped: [], problems: [] };
  for (const [path, entry] of Object.entries(packages)) {
    if (entry.resolved === undefined || !WEB_ADDRESS.test(entry.resolved)) continue;
    const { resolved: _, ...rest } = entry;
    packages[path] = rest;
    completion.stripped.push(path);
  }
  for (const [path, dependent] of Object.entries(lockfile.packages)) {
    for (const [name, version] of Object.entries(dependent.optionalDependencies ?? {})) {
      const found = entryPathOf(packages, path, name);
      if (!EXACT_VERSION.test(version)) {
        if (found === undefined) completion.problems.push(`${path} wants ${name} ${version}: not an exact version`);
        continue;
      }
      if (found !== undefined && packages[found]?.version === version) continue;
      const entry = entryFor(dependent, name, version);
      if (entry === undefined) {
        completion.problems.push(`${path} wants ${name} ${version}: its name tells no platform`);
        continue;
      }
      // A different version already sits where the walk ends, so this one goes below its dependent, as npm would put it.
      const at = found === undefined ? `node_modules/${name}` : `${path}/node_modules/${name}`;
      packages[at] = entry;
      completion.added.push(at);
    }
  }
  const sorted = Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  completion.lockfile = { ...lockfile, packages: Object.fromEntries(sorted) };
  return completion;
}
