// The part of the interface for operators that is about records: get, put, delete and scan, how their copies are, backup and restore. What
// changes something takes JSON only, so that no page in an operator's browser can do it; what works with files is for this machine only.
import { isAbsolute } from 'node:path';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { QuestionFault } from './asking.ts';
import { onlyFromHere, placeFault } from './control-guard.ts';
import type { ChordialHost } from './host.ts';
import { ttlSecondsMax, valueCharactersMax } from './records.ts';

const recordChange = z.object({
  table: z.string(),
  name: z.string(),
  value: z.string().max(valueCharactersMax).optional(),
  ttlSeconds: z.number().min(0).max(ttlSecondsMax).default(0),
  context: z.string().max(1_000).optional(),
});
const transfer = z.object({
  file: z.string().min(1).refine(isAbsolute, 'an absolute path'),
  withOld: z.boolean().default(false),
});
const bodyBytesMax = 200_000;

export function addRecordRoutes(routes: Hono, { records, options }: Pick<ChordialHost, 'records' | 'options'>): void {
  routes.get('/api/record', (context) => {
    const { table = 'records', name = '' } = context.req.query();
    return answer(context, () => records.get(table, name));
  });
  routes.put('/api/record', async (context) => {
    const change = await bodyOf(context, recordChange);
    if (change instanceof Response) return change;
    if (change.value === undefined) return context.json({ error: 'a put needs a value' }, 400);
    return answer(context, () => records.change({ ...change, value: change.value, context: change.context }));
  });
  routes.delete('/api/record', async (context) => {
    const change = await bodyOf(context, recordChange);
    if (change instanceof Response) return change;
    return answer(context, () => records.change({ ...change, value: undefined, context: change.context }));
  });
  routes.get('/api/records', (context) => {
    const { table, limit = '100', host, after } = context.req.query();
    const number = host === undefined || host === 'all' ? host : Number(host);
    return answer(context, () => records.scan({ table, limit: Number(limit), host: number, after }));
  });
  routes.get('/api/repair', (context) => answer(context, () => records.repair()));
  routes.post('/api/backup', onlyFromHere, async (context) => {
    const asked = await bodyOf(context, transfer);
    if (asked instanceof Response) return asked;
    const fault = placeFault(asked.file, options.data);
    return fault === undefined
      ? answer(context, () => records.backUp(asked.file))
      : context.json({ error: fault }, 400);
  });
  routes.post('/api/restore', onlyFromHere, async (context) => {
    const asked = await bodyOf(context, transfer);
    return asked instanceof Response ? asked : answer(context, () => records.restore(asked.file, asked.withOld));
  });
}

async function bodyOf<T>(context: Context, shape: z.ZodType<T>): Promise<T | Response> {
  if (context.req.header('content-type') !== 'application/json')
    return context.json({ error: 'expected content-type: application/json' }, 415);
  if (!(Number(context.req.header('content-length')) <= bodyBytesMax))
    return context.json({ error: `expected a content-length of at most ${bodyBytesMax}` }, 413);
  const read = shape.safeParse(await context.req.json().catch(() => undefined));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  return context.json({ error: `${issue?.path.join('.') ?? 'the body'}: ${issue?.message ?? 'expected JSON'}` }, 400);
}

/** 400 for a question that is wrong, 503 for one that cannot be answered now. */
async function answer(context: Context, ask: () => Promise<object>): Promise<Response> {
  try {
    return context.json(await ask());
  } catch (failure) {
    return context.json({ error: (failure as Error).message }, failure instanceof QuestionFault ? 400 : 503);
  }
}
