// Every message is real: it has a handler or a sender, an opcode where its package has a table of them, a test that
// speaks of it, and a row in the README's table.
import type { CodeFile, Finding, Rule, Workspace } from '../workspace.ts';
import { type MessageWord, membersOf, messageWords, opcodeTables, pascalCase } from './protocol-words.ts';

function handles(files: readonly CodeFile[], type: string): boolean {
  const handler = `on${pascalCase(type)}`;
  return files.some(({ tokens }) =>
    tokens.some((token, i) => {
      if (token.kind === 'word') return token.text === handler;
      return token.kind === 'string' && token.text === type && tokens[i - 1]?.text === 'case';
    }),
  );
}

function sends(files: readonly CodeFile[], type: string): boolean {
  return files.some(({ tokens, inside }) => {
    const built = tokens.filter(
      (token, i) =>
        token.kind === 'string' && token.text === type && tokens[i - 1]?.text === ':' && tokens[i - 2]?.text === 'type',
    );
    // In the protocol the first is the declaration, a second one is a function that makes the message.
    return built.length > (inside === 'src/protocol.ts' ? 1 : 0);
  });
}

function isNamedIn(files: readonly CodeFile[], type: string): boolean {
  return files.some(({ tokens }) => tokens.some((token) => token.kind === 'string' && token.text === type));
}

function hasRow(readme: string, type: string): boolean {
  return readme.split('\n').some((line) => line.startsWith('|') && line.includes(`\`${type}\``));
}

function* opcodeFindings(
  files: readonly CodeFile[],
  protocol: CodeFile,
  words: readonly MessageWord[],
): Generator<Finding> {
  for (const file of files) {
    for (const { of, entries } of opcodeTables(file.tokens)) {
      const seen = new Map<number, string>();
      for (const { type, opcode, line } of entries) {
        const other = seen.get(opcode);
        seen.set(opcode, type);
        if (other === undefined && opcode >= 1 && opcode <= 255) continue;
        const reason = other === undefined ? 'is not in 1..255' : `is also that of '${other}'`;
        yield { file: file.path, line, rule: 'opcodes', advice: `opcode ${opcode} of '${type}' ${reason}` };
      }
      const members = membersOf(protocol.tokens, of);
      for (const { type, declared, line } of words) {
        if (!members.has(declared) || entries.some((entry) => entry.type === type)) continue;
        yield {
          file: protocol.path,
          line,
          rule: 'opcodes',
          advice: `'${type}' has no opcode in the table Words<${of.join(' | ')}>`,
        };
      }
    }
  }
}

function* findingsOf(workspace: Workspace, protocol: CodeFile): Generator<Finding> {
  const { code, tower, texts } = workspace;
  const { project } = protocol;
  const projects = new Set([project, ...(tower.packages[project]?.handledBy ?? [])]);
  const near = code.filter((file) => file.area === 'packages' && projects.has(file.project));
  const shipped = near.filter((file) => file.inside.startsWith('src/') && !file.isTest);
  const tests = [...near.filter((file) => file.isTest), ...code.filter((file) => file.area === 'test')];
  const readme = texts.get(`packages/${project}/README.md`) ?? '';
  const words = messageWords(protocol.tokens);
  for (const { type, declared, line, received } of words) {
    const finding = (rule: string, advice: string): Finding => ({ file: protocol.path, line, rule, advice });
    if (declared !== pascalCase(type)) {
      yield finding('message-names', `'${type}' is declared as ${declared}: call it ${pascalCase(type)}`);
    }
    const handled = handles(shipped, type);
    if (received && !handled) {
      yield finding('handlers', `'${type}' is never handled: write on${pascalCase(type)} or case '${type}'`);
    } else if (!handled && !sends(shipped, type)) {
      yield finding('handlers', `'${type}' is neither handled nor sent by ${[...projects].join(', ')}: remove it`);
    }
    if (!isNamedIn(tests, type)) yield finding('tested', `no test speaks of '${type}'`);
    if (!hasRow(readme, type)) yield finding('message-table', `README.md has no table row with \`${type}\``);
  }
  yield* opcodeFindings(
    shipped.filter((file) => file.project === project),
    protocol,
    words,
  );
}

export const messages: Rule = function* (workspace) {
  for (const file of workspace.code) {
    if (file.area === 'packages' && file.inside === 'src/protocol.ts') yield* findingsOf(workspace, file);
  }
};
