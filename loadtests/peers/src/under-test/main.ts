/**
 * One node under test, configured by its environment: PEER (floor, or a driver's name), PORT, REDIS_URL, NODE_ID. Writes
 * the line `ready` once it serves; ends with its signal, as nothing here is worth a farewell.
 */
import type { DriverName } from '@sluice/cluster-adapter';

const { PEER = 'floor', PORT, REDIS_URL = '', NODE_ID = '' } = process.env;
const port = Number(PORT);

// Imported on demand: the floor carries nothing of Socket.IO, not even in memory.
if (PEER === 'floor') {
  const { startFloor } = await import('./floor.ts');
  await startFloor({ port, redisUrl: REDIS_URL });
} else {
  const { startSocketIoGateway } = await import('./socket-io-gateway.ts');
  await startSocketIoGateway({ port, redisUrl: REDIS_URL, nodeId: NODE_ID, driver: PEER as DriverName });
}
process.stdout.write('ready\n');
