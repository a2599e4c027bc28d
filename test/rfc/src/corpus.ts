// Where the corpus of real SIP data lies ($CHORDIAL_CORPUS, or `shared/corpus` beside the repository) and how its folders
// are read. The corpus is not part of the repository: without it tests are skipped, and say so.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const besideRepository = fileURLToPath(new URL('../../../../shared/corpus', import.meta.url));

export const corpusRoot: string = process.env.CHORDIAL_CORPUS ?? besideRepository;
export const corpusIsPresent: boolean = existsSync(join(corpusRoot, 'rfc4475', 'labels.json'));

if (!corpusIsPresent) {
  console.log(
    'skipped: everything that reads the corpus, because it is not at ../shared/corpus nor at $CHORDIAL_CORPUS',
  );
}

export interface CorpusMessage {
  /** Path below the corpus. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

export function corpusFile(path: string): Uint8Array {
  return new Uint8Array(readFileSync(join(corpusRoot, path)));
}

export function corpusText(path: string): string {
  return readFileSync(join(corpusRoot, path), 'utf8');
}

/** All files below a folder that `wanted` accepts, in the order of their names. */
export function corpusFolder(folder: string, wanted: (name: string) => boolean): readonly CorpusMessage[] {
  if (!corpusIsPresent) return [];
  const root = join(corpusRoot, folder);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted(entry.name))
    .map((entry) => relative(corpusRoot, join(entry.parentPath, entry.name)))
    .sort()
    .map((name) => ({ name, bytes: corpusFile(name) }));
}

/** The messages of php-sip's YAML call flows: block scalars `- |+`, indented by two, whose lines end with CRLF on the wire. */
export function callFlowMessages(yaml: string): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  let lines: string[] | undefined;
  const finish = (): void => {
    // The block keeps its trailing blank line, which is the one that ends the headers.
    if (lines !== undefined) messages.push(new Uint8Array(Buffer.from(lines.join('\r\n'), 'utf8')));
  };
  for (const line of yaml.split('\n')) {
    if (line.startsWith('- |')) {
      finish();
      lines = [];
    } else if (lines !== undefined) lines.push(line.startsWith('  ') ? line.slice(2) : line);
  }
  finish();
  return messages;
}

/** Every message of the corpus that a fuzzer can start from. */
export function allMessages(): readonly CorpusMessage[] {
  return [
    ...corpusFolder('rfc4475/dat', (name) => name.endsWith('.dat')),
    ...corpusFolder('rfc5118', (name) => name.endsWith('.sip')),
    ...corpusFolder('rfc-examples/sip', () => true),
    ...corpusFolder('npm-sip-message-examples', (name) => name.endsWith('.sip')),
    ...corpusFolder('pcap-messages', () => true),
    ...corpusFolder('profuzzbench', () => true),
    ...corpusFolder('php-sip/stream', () => true),
  ].filter((message) => message.bytes.length > 0 && message.bytes.length < 60_000);
}
