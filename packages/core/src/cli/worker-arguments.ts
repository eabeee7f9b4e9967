import type { ClientArguments } from './arguments.ts'
import {
  keyOf,
  listOf,
  parsed,
  positive,
  priceOf,
  redisUrlOf,
  textOf,
  urlOf,
  wholeNumber,
  type Environment,
} from './option-values.ts'
import { UsageError } from './options.ts'
import { WORKER_OPTIONS } from './worker-options.ts'

/** The parsed command line of `harbor worker`. */
export interface WorkerArguments {
  readonly redis: string
  readonly queue: string
  readonly client: ClientArguments
  readonly concurrency: number
  /** Whether the calls are shown on a page. */
  readonly page: boolean
}

/**
 * Parses the command line of `harbor worker`.
 * @throws UsageError for options that do not exist, are missing or make no sense
 */
export function parseWorker(args: readonly string[], env: Environment): WorkerArguments | 'help' | 'version' {
  const { values, positionals } = parsed(args, WORKER_OPTIONS)
  if (values.help) return 'help'
  if (values.version) return 'version'
  const text = (name: keyof typeof WORKER_OPTIONS): string | undefined => textOf(values, name)
  const [file] = positionals
  if (file !== undefined)
    throw new UsageError(`harbor worker takes its requests from a queue: ${file} is one argument too many.`)
  const redis = text('redis')
  if (redis === undefined) throw new UsageError('--redis is missing: give the URL of the Redis of the queue.')
  const queue = text('queue')
  if (queue === undefined)
    throw new UsageError('--queue is missing: name the queue, as harbor bulk --fleet does.')
  const rpm = positive('rpm', text('rpm'))
  return {
    redis: redisUrlOf('redis', redis),
    queue,
    client: {
      apiKey: keyOf(env),
      baseURL: urlOf(text('base-url') ?? (env['OPENAI_BASE_URL'] || undefined)),
      rpm,
      tpm: positive('tpm', text('tpm')),
      fallback: listOf('fallback', text('fallback')),
      cache: values.cache === true,
      spendLimitUsd: positive('spend-limit', text('spend-limit')),
      price: priceOf(text('price'), text('model') ?? (env['HARBOR_MODEL'] || undefined)),
    },
    concurrency: wholeNumber('concurrency', text('concurrency')) ?? 64,
    page: values.page === true,
  }
}
