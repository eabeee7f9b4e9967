import type { ClientOptions } from 'openai'
import type { Log } from '../call/exchange.ts'

const LEVELS = ['off', 'error', 'warn', 'info', 'debug'] as const

/** Writes through the SDK's logger, as far as its level goes; both are read anew for each line. */
export function createLog(client: {
  readonly logger?: ClientOptions['logger']
  readonly logLevel?: ClientOptions['logLevel']
}): Log {
  return (level, words) => {
    const { logger, logLevel = 'warn' } = client
    if (LEVELS.indexOf(level) <= LEVELS.indexOf(logLevel)) (logger ?? console)[level](`[harbor] ${words()}`)
  }
}
