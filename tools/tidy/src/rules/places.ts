// Committed files know no machine: no absolute path of a developer's folder and no registry host.
import type { Rule } from '../workspace.ts';

const FOLDERS = ['work', 'root', 'home', 'Users'];
const MACHINE_PATH = new RegExp(`(?:^|[^\\w./-])/(?:${FOLDERS.join('|')})/`, 'm');
const HOSTS = [
  'registry[.]npmjs[.]org',
  'registry[.]yarnpkg[.]com',
  'registry[.]npmmirror[.]com',
  'npm[.]pkg[.]github[.]com',
];
const REGISTRY = new RegExp(HOSTS.join('|'));
/** A tarball address in a lock file, whatever the host. */
const RESOLVED = /"resolved": "https?:/;

export const places: Rule = function* ({ texts }) {
  for (const [file, text] of texts) {
    if (!MACHINE_PATH.test(text) && !REGISTRY.test(text) && !RESOLVED.test(text)) continue;
    for (const [i, line] of text.split('\n').entries()) {
      if (MACHINE_PATH.test(line)) {
        yield { file, line: i + 1, rule: 'machine-paths', advice: 'an absolute path of one machine: make it relative' };
      }
      if (REGISTRY.test(line) || RESOLVED.test(line)) {
        yield {
          file,
          line: i + 1,
          rule: 'registry-hosts',
          advice: 'a registry host: leave the choice to the user’s npm',
        };
      }
    }
  }
};
