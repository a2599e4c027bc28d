// The interface for operators over HTTP (hono): JSON for programs, Prometheus text for monitoring. It answers from what the
// lanes tell over comlink and never touches traffic.
import { createServer, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Endpoint } from './endpoint.ts';
import type { ChordialHost } from './host.ts';
import { LookupFault } from './lookup.ts';
import { renderMetrics } from './metrics.ts';

const headersWithinMs = 5_000;
const uriLengthMax = 1_024;

export function controlRoutes(host: ChordialHost): Hono {
  const routes = new Hono();
  routes.get('/healthz', (context) => {
    const { healthy, sentence } = host.health();
    return context.json({ healthy, sentence }, healthy ? 200 : 503);
  });
  routes.get('/metrics', async (context) => {
    const { contentType, text } = await renderMetrics(await host.status());
    return context.body(text, 200, { 'content-type': contentType });
  });
  routes.get('/api/status', async (context) => context.json(await host.status()));
  routes.get('/api/ring', (context) => context.json(host.ring()));
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
  routes.notFound((context) => {
    return context.json({ error: 'expected one of /healthz /metrics /api/status /api/ring /api/lookup?uri=' }, 404);
  });
  routes.onError((failure, context) => context.json({ error: failure.message }, 500));
  return routes;
}

/** Serves the control interface; rejects with the system's error when the address cannot be bound. */
export function serveControl(host: ChordialHost, { address, port }: Endpoint): Promise<Server> {
  const server = createServer(getRequestListener(controlRoutes(host).fetch));
  server.headersTimeout = headersWithinMs;
  server.requestTimeout = headersWithinMs;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, () => resolve(server));
  });
}
