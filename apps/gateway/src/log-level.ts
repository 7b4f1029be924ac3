import type { Logger } from 'pino';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
type LogLevelName = (typeof logLevels)[number];

export interface LogLevel {
  readonly level: string;
  /** Back to what was configured after `forMs`, where given. */
  set(level: LogLevelName, forMs?: number): void;
}

/** The level of a log that runs, to be changed without a restart. */
export function createLogLevel(logger: Logger): LogLevel {
  const configured = logger.level;
  let back: NodeJS.Timeout | undefined;
  const change = (to: string, forMs?: number): void => {
    const from = logger.level;
    if (from === to) return;
    // Whatever the two levels are, that one follows the other is in the log.
    logger.level = 'warn';
    logger.warn({ from, to, forMs }, 'log level changed');
    logger.level = to;
  };
  return {
    get level() {
      return logger.level;
    },
    set(level, forMs) {
      clearTimeout(back);
      change(level, forMs);
      if (forMs === undefined) return;
      back = setTimeout(() => change(configured), forMs);
      back.unref();
    },
  };
}
