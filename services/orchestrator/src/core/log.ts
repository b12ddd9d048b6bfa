import { type Logger, pino } from 'pino';
import type { Config } from './config/variables.ts';

/** Paths that are never written, whatever is logged. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  'headers.authorization',
  'headers.cookie',
  '*.password',
  '*.secret',
  '*.token',
  '*.authorization',
  '*.admin_password',
  '*.mariadb_root_password',
  'password',
  'secret',
  'token',
];

export function createLogger(config: Pick<Config, 'LOG_LEVEL'>, process: string): Logger {
  return pino({
    level: config.LOG_LEVEL,
    base: { process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (level) => ({ level }) },
    redact: { paths: REDACTED, censor: '[redacted]' },
  });
}
