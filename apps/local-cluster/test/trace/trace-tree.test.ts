import { describe, expect, test } from '@jest/globals';
import { createTraceAssembly, type TracePart } from '../../src/trace/trace-assembly.ts';
import { renderTree } from '../../src/trace/trace-tree.ts';
import { ManualClock } from './manual-clock.ts';
import { message } from './message.ts';
import { spansOf, type SpanSketch } from './otlp.ts';

const plain = { colors: false, unicode: true };
const esc = '\u001B';

function partsOf(...batches: ReadonlyArray<readonly SpanSketch[]>): TracePart[] {
  const parts: TracePart[] = [];
  const onPart = (part: TracePart): boolean => parts.push(part) > 0;
  const assembly = createTraceAssembly({ clock: new ManualClock(), onPart });
  for (const batch of batches) assembly.add(spansOf(...batch));
  assembly.flush();
  return parts;
}

const rendered = (sketches: readonly SpanSketch[], style = plain): string =>
  partsOf(sketches)
    .map((part) => renderTree(part, style))
    .join('\n');

describe('the tree of a trace', () => {
  test('has every hop of a message under the one that caused it', () => {
    expect(rendered(message)).toBe(
      `
message:send in 4.2 ms  trace aaaaaaaa
└─ send message:send                   browser    +0.0  4.2 ms
   └─ process message:send             gateway-2  +0.8  2.9 ms  ok
      └─ handle message:send           gateway-2  +0.9  2.7 ms
         └─ send room:{room}           gateway-2  +1.0  2.4 ms  1763760000000-0
            ├─ EVALSHA                 redis      +1.1  2.1 ms
            ├─ process room:{room}     gateway-1  +2.6  0.2 ms  3 recipients
            │  └─ process message:new  browser    +3.3  0.1 ms
            └─ process room:{room}     gateway-3  +2.7  0.1 ms  1 recipient
`.trim(),
    );
  });

  test('is drawn with ASCII where the output is no terminal', () => {
    const text = rendered(message, { colors: false, unicode: false });
    expect(text).toMatch(/^ {12}\|- process room:\{room\} +gateway-1/m);
    expect(text).toMatch(/^ {12}\| {2}`- process message:new/m);
    expect(text).toMatch(/^[\n -~]*$/);
  });

  test('shows errors in red, once, and recoveries with what they link to', () => {
    const connect: readonly SpanSketch[] = [
      {
        name: 'connect',
        id: '1',
        took: 3,
        attributes: { 'network.protocol.name': 'websocket', 'sluice.outcome': 'ok' },
      },
      {
        name: 'recover',
        id: '2',
        parent: '1',
        at: 1,
        attributes: { 'sluice.recovery.outcome': 'recovered', 'sluice.replay.events': 5 },
        links: ['b', 'c', 'd', 'e', 'f', 'b'].map((trace) => ({ trace, id: '9' })),
      },
      {
        name: 'write session',
        id: '3',
        parent: '1',
        at: 2,
        attributes: { 'error.type': 'unavailable' },
        status: { code: 2, message: 'unavailable' },
      },
    ];
    expect(rendered(connect)).toBe(
      `
connect in 3.0 ms  trace aaaaaaaa
└─ connect           gateway-1  +0.0  3.0 ms  ok, websocket
   ├─ recover        gateway-1  +1.0  1.0 ms  recovered, 5 events, → bbbbbbbb cccccccc dddddddd and 2 more
   └─ write session  gateway-1  +2.0  1.0 ms  unavailable
`.trim(),
    );
    const colored = rendered(connect, { colors: true, unicode: true });
    expect(colored).toMatch(`${esc}[31mwrite session${esc}[0m`);
    expect(colored).toMatch(`${esc}[31munavailable${esc}[0m`);
    expect(colored).not.toMatch(`${esc}[31mrecover`);
  });

  test('shows a refusal in red too, and of two at once the one that ended first', () => {
    const refused: readonly SpanSketch[] = [
      {
        name: 'process message:send',
        id: '1',
        attributes: { 'sluice.outcome': 'not_joined', 'error.type': 'not_joined' },
      },
      { name: 'second', id: '2', parent: '1', took: 2 },
      { name: 'first', id: '3', parent: '1', took: 1 },
    ];
    expect(rendered(refused, { colors: true, unicode: true })).toMatch(`${esc}[31mnot_joined${esc}[0m`);
    expect(rendered(refused)).toMatch(/first.*\n.*second/);
  });

  test('of what comes later says whose it is', () => {
    const clock = new ManualClock();
    const texts: string[] = [];
    const onPart = (part: TracePart): boolean => texts.push(renderTree(part, plain)) > 0;
    const assembly = createTraceAssembly({ clock, onPart });
    assembly.add(spansOf({ name: 'process message:send', id: '2', parent: '1', at: 1, took: 1 }));
    clock.advance(2_000);
    assembly.add(
      spansOf(
        { name: 'send message:send', id: '1', on: 'browser', took: 5 },
        { name: 'process room:{room}', id: '3', parent: '2', on: 'gateway-2', at: 2_501 },
      ),
    );
    clock.advance(2_000);
    expect(texts[1]).toBe(
      `
… later: message:send  trace aaaaaaaa
├─ send message:send    browser       -1.0  5.0 ms
└─ process room:{room}  gateway-2  +2500.0  1.0 ms  of process message:send
`.trim(),
    );
  });

  test('has every span once where parents go round in circles', () => {
    const circle: readonly SpanSketch[] = [
      { name: 'process message:send', id: '1', parent: '2' },
      { name: 'second', id: '2', parent: '1', at: 1 },
      { name: 'its own', id: '3', parent: '3', at: 2 },
    ];
    expect(rendered(circle).split('\n').slice(1)).toEqual([
      expect.stringMatching(/^├─ process message:send/),
      expect.stringMatching(/^│ {2}└─ second/),
      expect.stringMatching(/^└─ its own/),
    ]);
  });

  test('says how many spans it leaves out, and lets no name steer the terminal', () => {
    const [part] = partsOf([{ name: 'process message:send', id: '1', on: `${esc}[2J\nx\u202E` }]);
    const lines = renderTree({ ...(part as TracePart), omitted: 7 }, plain).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch('?[2J?x?');
    expect(lines[2]).toBe('… and 7 more spans');
  });
});
