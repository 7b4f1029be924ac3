/** A receiver of OTLP over HTTP, a process of its own that costs next to nothing: takes everything and keeps none of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((request, response) => {
  request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  request.resume();
});
// Longer than exporters pause: one that sends while its connection is being closed would have to send again.
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
