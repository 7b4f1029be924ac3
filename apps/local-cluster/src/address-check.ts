import { createServer } from 'node:net';
import { hostAndPort, type Address, type ClusterPlan } from './cluster-plan.ts';
import { clusterError } from './errors.ts';

/**
 * Makes sure that everything in `plan` can listen, before any of it is started.
 * @throws address_unavailable naming every address that is taken, and what it was for.
 */
export async function requireFreeAddresses(plan: ClusterPlan): Promise<void> {
  const wanted: Array<[purpose: string, address: Address]> = [
    ['the front, where browsers connect (--port)', plan.front],
    ...plan.gateways.flatMap(({ nodeId, client, operator }): Array<[string, Address]> => [
      [nodeId, client],
      [`${nodeId}, operators' port`, operator],
    ]),
    ...(plan.redis === undefined ? [] : [['Redis', plan.redis] as [string, Address]]),
    ...(plan.traces === undefined ? [] : [['traces (--trace)', plan.traces] as [string, Address]]),
  ];
  const checks = await Promise.all(
    wanted.map(async ([purpose, address]) => {
      const problem = await problemWith(address);
      return problem === undefined ? [] : [`  ${hostAndPort(address)} ${problem}; wanted for ${purpose}`];
    }),
  );
  const problems = checks.flat();
  if (problems.length === 0) return;
  const text = [
    'Nothing was started:',
    ...problems,
    `Stop what uses them, or choose other ports, e.g. npm start -- --port ${plan.front.port + 1000}`,
  ].join('\n');
  throw clusterError('address_unavailable', { text });
}

async function problemWith({ host, port }: Address): Promise<string | undefined> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', (error: NodeJS.ErrnoException) => resolve(describe(error)));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function describe(error: NodeJS.ErrnoException): string {
  const { code = error.message } = error;
  return knownProblems[code] ?? `cannot be listened on (${code})`;
}

const knownProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use',
  EACCES: 'needs a privileged user',
  EADDRNOTAVAIL: 'is not an address of this machine',
};
