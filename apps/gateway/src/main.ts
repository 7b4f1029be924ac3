import { readFileSync } from 'node:fs';
import { parseTelemetrySettings, traceFields } from '@sluice/telemetry';
import { pino } from 'pino';
import { parseConfig, variables } from './config.ts';
import { createGateway } from './gateway.ts';
import { loggedError } from './logged-error.ts';

// sysexits.h, EX_CONFIG
const exitConfig = 78;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const help = (): string => {
  const rows = Object.entries(variables).map(
    ([name, schema]) => `  ${name}\n      ${schema.description ?? ''}`,
  );
  return `sluice gateway ${version}\n\nConfigured by environment variables:\n\n${rows.join('\n')}\n`;
};

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(help());
    return;
  }
  if (process.argv.includes('--version')) {
    process.stdout.write(`${version}\n`);
    return;
  }
  const result = parseConfig(process.env);
  const telemetry = parseTelemetrySettings(process.env);
  if (result.kind === 'faulty' || telemetry.kind === 'faulty') {
    const faults = [result, telemetry].flatMap((one) => (one.kind === 'faulty' ? one.faults : []));
    const lines = faults.map((fault) => `  ${fault}`).join('\n');
    process.stderr.write(`The configuration is not usable; nothing was started.\n${lines}\n`);
    process.exitCode = exitConfig;
    return;
  }
  const { config } = result;
  const base = { nodeId: config.NODE_ID };
  const serializers = { err: loggedError };
  const logger = pino({ level: config.LOG_LEVEL, base, serializers, mixin: traceFields });
  const gateway = await createGateway(config, telemetry.settings, logger, version);
  const starting = new AbortController();

  let stopping: Promise<void> | undefined;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping !== undefined) {
      logger.warn({ signal }, 'second signal: leaving at once');
      process.exit(1);
    }
    logger.info({ signal }, 'gateway stopping');
    starting.abort(new Error(signal));
    const overdueMs = config.DRAIN_MS + config.SHUTDOWN_GRACE_MS;
    setTimeout(() => {
      logger.error({ overdueMs }, 'gateway did not stop in time');
      process.exit(1);
    }, overdueMs).unref();
    stopping = gateway.stop(config.SHUTDOWN_GRACE_MS).then(
      () => {
        logger.info('gateway stopped');
        process.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'gateway stopped with errors');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);

  try {
    await gateway.start(starting.signal);
    logger.info(
      { driver: config.DRIVER, port: config.PORT, operatorPort: config.OPERATOR_PORT, version },
      'gateway listening',
    );
  } catch (error) {
    if (starting.signal.aborted) return;
    logger.fatal({ err: error }, 'gateway could not start');
    process.exit(1);
  }
}

await main();
