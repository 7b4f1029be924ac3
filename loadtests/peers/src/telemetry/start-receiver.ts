import { readyOrEnded, repositoryPath, spawnChild, type Scope } from '@sluice/testkit';

const entry = 'loadtests/peers/dist/telemetry/receiver.js';
const name = 'the receiver of OTLP';

/** Resolves with where it receives, for OTEL_EXPORTER_OTLP_ENDPOINT. */
export async function startReceiver(scope: Scope): Promise<string> {
  const child = await spawnChild(scope, {
    name,
    command: process.execPath,
    args: [repositoryPath(entry)],
  });
  const port = await readyOrEnded(child, name, (signal) =>
    child.output.until((lines) => lines.find(({ stream }) => stream === 'stdout')?.text, { signal }),
  );
  return `http://127.0.0.1:${port}`;
}
