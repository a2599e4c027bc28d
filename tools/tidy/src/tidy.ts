// All rules over one workspace, minus the accepted exceptions. An exception that no longer excuses anything is itself a
// finding, so the list only holds what is needed.
import { imports } from './rules/imports.ts';
import { limits } from './rules/limits.ts';
import { messages } from './rules/messages.ts';
import { names } from './rules/names.ts';
import { places } from './rules/places.ts';
import { purity } from './rules/purity.ts';
import { shape } from './rules/shape.ts';
import { syntax } from './rules/syntax.ts';
import { type Exception, type Finding, type Rule, TOWER_PATH, type Workspace } from './workspace.ts';

const RULES: readonly Rule[] = [shape, names, imports, purity, messages, limits, syntax, places];

function excuses(exception: Exception, { rule, file, advice }: Finding): boolean {
  const inside = file === exception.file || file.startsWith(`${exception.file}/`);
  return inside && rule === exception.rule && advice.includes(exception.about);
}

export function tidy(workspace: Workspace): Finding[] {
  const { exceptions } = workspace.tower;
  const used = new Set<Exception>();
  const findings: Finding[] = [];
  for (const rule of RULES) {
    for (const finding of rule(workspace)) {
      const exception = exceptions.find((candidate) => excuses(candidate, finding));
      if (exception === undefined) findings.push(finding);
      else used.add(exception);
    }
  }
  for (const exception of exceptions) {
    if (used.has(exception) && exception.why.length > 10) continue;
    const advice = used.has(exception) ? 'has no reason' : 'excuses nothing: remove it';
    findings.push({
      file: TOWER_PATH,
      line: 1,
      rule: 'exceptions',
      advice: `${exception.rule} for ${exception.file} ${advice}`,
    });
  }
  return findings.sort((a, b) => a.file.localeCompare(b.file, 'en') || a.line - b.line);
}
