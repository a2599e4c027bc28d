#!/usr/bin/env node
// The command. Runs the build in dist where there is one, the sources where there is none, so that it works right after
// `npm ci`. Plain JavaScript that any Node can read, to say clearly when this Node is too old; so nothing that an old Node
// lacks is imported by name.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';

const nodeMajorMin = 24;
if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  console.error(
    `chordial needs Node ${nodeMajorMin} or newer and this is ${process.versions.node}. ` +
      'In a checkout, run it as `npx chordial`: npx finds the Node that `npm ci` installed.',
  );
  process.exit(1);
}
const built = new URL('../dist/main.js', import.meta.url);
const fromSource = process.env.CHORDIAL_FROM === 'source' || !existsSync(built);
if (fromSource) {
  const condition = '@chordial/source';
  nodeModule.registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, condition] }),
  });
}
await import(fromSource ? new URL('../src/main.ts', import.meta.url).href : built.href);
