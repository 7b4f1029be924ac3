/** A span that may be made, and everything it may say. */
export interface SpanEntry {
  readonly signal: 'span';
  /** `<event>` stands for a name of an event, `<template>` for a destination's, `<COMMAND>` for one of Redis's. */
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
  readonly parent: string;
  readonly help: string;
  readonly attributes: readonly string[];
  readonly only?: 'lanes';
}

const messaging = ['messaging.system', 'messaging.operation.name', 'messaging.operation.type'] as const;
const destination = ['messaging.destination.template', 'messaging.destination.name'] as const;

/** Attributes follow OpenTelemetry's semantic conventions 1.45 (messaging, database, HTTP); `sluice.` are our own. */
export const spanCatalogue = [
  {
    signal: 'span',
    name: 'connect',
    kind: 'SERVER',
    parent: '`auth.traceparent`, or none',
    help: 'From a client’s CONNECT until its session is ready, or it is refused',
    attributes: ['http.route', 'network.protocol.name', 'sluice.outcome', 'enduser.id', 'error.type'],
  },
  {
    signal: 'span',
    name: 'authenticate',
    kind: 'INTERNAL',
    parent: '`connect`',
    help: 'The check of the access token',
    attributes: ['error.type'],
  },
  {
    signal: 'span',
    name: 'recover',
    kind: 'INTERNAL',
    parent: '`connect`',
    help: 'A session claimed, and what its client missed read from the log',
    attributes: ['sluice.recovery.outcome', 'sluice.replay.events', 'error.type'],
    only: 'lanes',
  },
  {
    signal: 'span',
    name: 'replay',
    kind: 'INTERNAL',
    parent: '`connect`; where that is not sampled, the first `send` it is linked to',
    help: 'What was missed, written to the client. Linked to the `send` of each event that was sampled',
    attributes: ['sluice.replay.events'],
    only: 'lanes',
  },
  {
    signal: 'span',
    name: 'resume',
    kind: 'INTERNAL',
    parent: 'none',
    help: 'A slow connection served from the log until it had caught up. Linked like `replay`',
    attributes: ['sluice.replay.events'],
    only: 'lanes',
  },
  {
    signal: 'span',
    name: 'write session',
    kind: 'INTERNAL',
    parent: 'what made the session change: `connect` or `handle room:join`',
    help: 'A session written ahead',
    attributes: [],
    only: 'lanes',
  },
  {
    signal: 'span',
    name: 'process <event>',
    kind: 'CONSUMER',
    parent: 'the client’s `traceparent`, or none',
    help: 'An event from its receipt to its acknowledgement',
    attributes: [...messaging, 'messaging.destination.name', 'sluice.outcome', 'enduser.id', 'error.type'],
  },
  {
    signal: 'span',
    name: 'handle <event>',
    kind: 'INTERNAL',
    parent: '`process <event>`',
    help: 'What its handler does, once it is allowed and has the right shape',
    attributes: ['error.type'],
  },
  {
    signal: 'span',
    name: 'send <template>',
    kind: 'PRODUCER',
    parent: '`handle <event>`',
    help: 'An event published: its context is in the header of the log’s entry',
    attributes: [...messaging, ...destination, 'messaging.message.id', 'sluice.duplicate', 'error.type'],
  },
  {
    signal: 'span',
    name: 'process <template>',
    kind: 'CONSUMER',
    parent: 'the `send` of another node, which it is linked to',
    help: 'An event written to this node’s sockets: one for each node that serves some, whatever their number',
    attributes: [...messaging, ...destination, 'messaging.message.id', 'sluice.recipients'],
  },
  {
    signal: 'span',
    name: '<COMMAND>',
    kind: 'CLIENT',
    parent: 'the work it is done for',
    help: 'A Redis command. Never its arguments',
    attributes: [
      'db.system.name',
      'db.operation.name',
      'db.namespace',
      'db.response.status_code',
      'server.address',
      'server.port',
      'error.type',
    ],
  },
  {
    signal: 'span',
    name: 'POST /auth/dev-token',
    kind: 'SERVER',
    parent: 'the request’s `traceparent`, or none',
    help: 'A token given out, in development',
    attributes: [
      'http.request.method',
      'http.route',
      'http.response.status_code',
      'url.scheme',
      'url.path',
      'error.type',
    ],
  },
] as const satisfies readonly SpanEntry[];
