// The parameters of a value behave as the map that they are made into only when asked.

import { describe, expect, it } from 'vitest';
import { ParseError, parseMessage } from './index.ts';

function parametersOf(text: string): ReadonlyMap<string, string> {
  const lines = ['MESSAGE sip:b SIP/2.0', `To: <sip:a@b>${text}`, '', ''];
  const parsed = parseMessage(Buffer.from(lines.join('\r\n'), 'latin1'));
  if (!parsed.ok || parsed.message.to instanceof ParseError) throw new Error(`${text} was refused`);
  return parsed.message.to.parameters;
}

describe('parameters of a header value', () => {
  it('are a map with names in lower case, in order, the first of a name', () => {
    const parameters = parametersOf(' ; TAG = x;lr;q="a;\\"b" ;tag=second');
    const pairs = [
      ['tag', 'x'],
      ['lr', ''],
      ['q', '"a;\\"b"'],
    ];
    expect([...parameters]).toEqual(pairs);
    expect([...parameters.entries()]).toEqual(pairs);
    expect([...parameters.keys()]).toEqual(['tag', 'lr', 'q']);
    expect([...parameters.values()]).toEqual(['x', '', '"a;\\"b"']);
    expect(parameters.size).toBe(3);
    const seen: unknown[] = [];
    parameters.forEach((value, name, map) => {
      seen.push([name, value]);
      expect(map).toBe(parameters);
    });
    expect(seen).toEqual(pairs);
  });

  it('are found by name, and only whole names are', () => {
    const parameters = parametersOf(';Transport=tcp;ob');
    expect([parameters.get('transport'), parameters.get('ob')]).toEqual(['tcp', '']);
    expect([parameters.has('ob'), parameters.has('o'), parameters.has('obb'), parameters.has('tag')]).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(parameters.get('Transport')).toBeUndefined();
  });

  it('are empty when there are none', () => {
    expect([...parametersOf('')]).toEqual([]);
    expect(parametersOf('').size).toBe(0);
  });
});
