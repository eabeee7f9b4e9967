import type { ClientOptions } from 'openai'
import type { Log } from '../call/exchange.ts'

const LEVELS = ['off', 'error', 'warn', 'info', 'debug'] as const

/**
 * Creates a log that writes to the SDK's logger, if the SDK's log level allows. Logger and level are read for each line, because a user may
 * replace them.
 */
export function createLog(client: {
  readonly logger?: ClientOptions['logger']
  readonly logLevel?: ClientOptions['logLevel']
}): Log {
  return (level, words) => {
    const { logger, logLevel = 'warn' } = client
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(logLevel)) (logger ?? console)[level](`[harbor] ${words()}`)
  }
}
