// The interface for operators over HTTP (hono): JSON for programs, Prometheus text for monitoring. It answers from what the
// lanes tell over comlink and never touches traffic.
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { stream } from 'hono/streaming';
import { onlyByAddress } from './control-guard.ts';
import type { Endpoint } from './endpoint.ts';
import type { ChordialHost } from './host.ts';
import { LeaveFault, type LeaveProgress } from './leaving.ts';
import { LookupFault } from './lookup.ts';
import { renderMetrics } from './metrics.ts';
import { addRecordRoutes } from './record-routes.ts';

const headersWithinMs = 5_000;
const uriLengthMax = 1_024;

/** A line of the answer to POST /api/leave: progress, and at last that it is done, or why not. */
export type LeaveLine = LeaveProgress | { readonly done: true } | { readonly error: string };

/** `onLeft` is called when the ring has been left and the answer is written. */
export function controlRoutes(host: ChordialHost, onLeft: () => void = () => {}): Hono {
  const routes = new Hono();
  routes.use('*', onlyByAddress);
  routes.get('/healthz', (context) => {
    const { healthy, sentence } = host.health();
    return context.json({ healthy, sentence }, healthy ? 200 : 503);
  });
  routes.get('/metrics', async (context) => {
    const { contentType, text } = await renderMetrics(await host.status());
    return context.body(text, 200, { 'content-type': contentType });
  });
  routes.get('/api/status', async (context) => context.json(await host.status()));
  routes.get('/api/ring', async (context) => context.json(await host.ring()));
  routes.get('/api/ring/check', async (context) => context.json(await host.check()));
  routes.get('/api/hosts', async (context) => context.json((await host.ring()).hosts));
  routes.post('/api/leave', (context) => {
    // A page in an operator's browser can post forms to loopback, but not with this type.
    if (context.req.header('content-type') !== 'application/json')
      return context.json({ error: 'expected content-type: application/json' }, 415);
    context.header('content-type', 'application/x-ndjson');
    return stream(context, async (lines) => {
      const write = (line: LeaveLine) => lines.write(`${JSON.stringify(line)}\n`);
      try {
        await host.leave((progress) => void write(progress));
      } catch (failure) {
        const isExpected = failure instanceof LeaveFault;
        await write({ error: isExpected ? failure.message : `leaving failed: ${(failure as Error).message}` });
        return;
      }
      await write({ done: true });
      onLeft();
    });
  });
  routes.get('/api/lookup', async (context) => {
    const uri = context.req.query('uri');
    if (uri === undefined || uri === '' || uri.length > uriLengthMax) {
      return context.json(
        {
          error: `expected ?uri= with a SIP URI of at most ${uriLengthMax} characters, as in ?uri=sip:alice@example.com`,
        },
        400,
      );
    }
    try {
      return context.json(await host.lookup(uri));
    } catch (failure) {
      if (failure instanceof LookupFault) return context.json({ error: failure.message }, 400);
      return context.json({ error: (failure as Error).message }, 503);
    }
  });
  addRecordRoutes(routes, host);
  routes.notFound((context) => {
    return context.json(
      {
        error:
          'expected one of /healthz /metrics /api/status /api/hosts /api/ring /api/ring/check /api/lookup?uri= /api/record?table=&name= /api/records /api/repair, or POST to /api/leave /api/backup /api/restore',
      },
      404,
    );
  });
  routes.onError((failure, context) => context.json({ error: failure.message }, 500));
  return routes;
}

/** Serves the control interface; rejects with the system's error when the address cannot be bound. */
export function serveControl(
  host: ChordialHost,
  { address, port }: Endpoint,
  onLeft: () => void = () => {},
): Promise<Server> {
  const server = createServer(getRequestListener(controlRoutes(host, onLeft).fetch));
  server.headersTimeout = headersWithinMs;
  server.requestTimeout = headersWithinMs;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => resolve(server));
  });
}
