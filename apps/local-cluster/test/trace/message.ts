import type { SpanSketch } from './otlp.ts';

/** The way of a message from one browser through two gateways, as it comes: whoever ends first, first. */
export const message: readonly SpanSketch[] = [
  // prettier-ignore
  { name: 'process message:new', id: '8', parent: '6', on: 'browser', at: 3.3, took: 0.1, links: [{ id: '6' }] },
  {
    name: 'process room:{room}',
    id: '6',
    parent: '4',
    on: 'gateway-1',
    at: 2.6,
    took: 0.2,
    attributes: {
      'sluice.recipients': 3,
      'messaging.operation.type': 'process',
      'messaging.message.id': '1763760000000-0',
    },
    links: [{ id: '4' }],
  },
  {
    name: 'process room:{room}',
    id: '7',
    parent: '4',
    on: 'gateway-3',
    at: 2.7,
    took: 0.1,
    attributes: { 'sluice.recipients': 1 },
    links: [{ id: '4' }],
  },
  {
    name: 'EVALSHA',
    id: '5',
    parent: '4',
    on: 'gateway-2',
    at: 1.1,
    took: 2.1,
    attributes: { 'db.system.name': 'redis', 'db.operation.name': 'EVALSHA' },
  },
  {
    name: 'send room:{room}',
    id: '4',
    parent: '3',
    on: 'gateway-2',
    at: 1,
    took: 2.4,
    attributes: { 'messaging.operation.type': 'send', 'messaging.message.id': '1763760000000-0' },
  },
  { name: 'handle message:send', id: '3', parent: '2', on: 'gateway-2', at: 0.9, took: 2.7 },
  {
    name: 'process message:send',
    id: '2',
    parent: '1',
    on: 'gateway-2',
    at: 0.8,
    took: 2.9,
    attributes: { 'sluice.outcome': 'ok' },
  },
  { name: 'send message:send', id: '1', on: 'browser', at: 0, took: 4.2 },
];
