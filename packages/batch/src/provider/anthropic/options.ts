import { describeValue } from '@harbor/parts'
import { count, duration, having, oneOf, validate, type Check } from '../../validate.ts'
import { RUN_CHECKS, runSettings, type RunOptions, type RunSettings } from '../run-settings.ts'
import type { ProviderBatchClient } from './client.ts'

/** Options of `createProviderBatch`. `client` is required. */
export interface ProviderBatchOptions extends RunOptions {
  /** A client of the provider: an instance of `@anthropic-ai/sdk`, or any object with the same `messages.batches`. */
  client: ProviderBatchClient
  /** The maximum number of requests in one batch, from 1 to 100,000, which is Anthropic's limit. @default 10_000 */
  maxRequests?: number | undefined
  /**
   * The maximum size of the requests of one batch, in bytes, from 1 to 256,000,000, which is Anthropic's limit. The requests of one batch are in memory
   * while it is created. A request larger than this is not submitted. @default 100_000_000
   */
  maxBytes?: number | undefined
  /**
   * How long a batch whose creation was not confirmed (a crash, or a connection that broke) may take to appear in the provider's list, in
   * milliseconds. If the list has no such batch after this time, the requests are submitted again. @default 120_000
   */
  confirmMs?: number | undefined
  /**
   * What happens while the provider's list has a batch that may be the one whose creation was not confirmed. `'wait'`: the part waits until that batch
   * has ended, whose results then say whose it is; other parts continue. `'error'`: the run ends with an UnconfirmedBatchError. @default 'wait'
   */
  onUnconfirmed?: 'wait' | 'error' | undefined
}

export type ProviderBatchSettings = RunSettings &
  Required<{
    [Name in 'client' | 'confirmMs' | 'onUnconfirmed']: NonNullable<ProviderBatchOptions[Name]>
  }> & {
    /** The path of the state; undefined if the state is no file. */
    statePath: string | undefined
  }

/**
 * Checks the options, and adds the defaults.
 *
 * @throws TypeError for a missing, unknown or invalid option
 */
export function settingsOf(options: ProviderBatchOptions): ProviderBatchSettings {
  validate(options, CHECKS)
  if ((options.client as unknown) === undefined)
    throw new TypeError(`client must be ${CHECKS.client[1]}, got ${describeValue(undefined)}`)
  const { client, state, maxRequests = 10_000, maxBytes = 100_000_000 } = options
  return {
    // The provider has no limit of enqueued tokens: it refuses a batch with status 429.
    ...runSettings(options, {
      maxRequests,
      maxBytes,
      enqueuedTokens: Infinity,
      tokensOf: undefined,
      tokenLimitWaitMs: 0,
    }),
    client,
    confirmMs: options.confirmMs ?? 120_000,
    onUnconfirmed: options.onUnconfirmed ?? 'wait',
    statePath: typeof state === 'string' ? state : undefined,
  }
}

const [hasBatches] = having('', 'create', 'retrieve', 'cancel', 'list', 'results')

const atMost = (max: number): Check => [
  (value) => count[0](value) && (value as number) <= max,
  `a whole number from 1 to ${max}`,
]

const CHECKS: Readonly<Record<keyof ProviderBatchOptions, Check>> = {
  ...RUN_CHECKS,
  client: [
    (value) => {
      const { messages } = (value ?? {}) as { messages?: { batches?: unknown } | null }
      return hasBatches(messages?.batches)
    },
    'a client with messages.batches',
  ],
  maxRequests: atMost(100_000),
  maxBytes: atMost(256_000_000),
  confirmMs: duration,
  onUnconfirmed: oneOf('wait', 'error'),
}
