import { OPTIONS, type CommandOption } from './options.ts'

/** The options of `harbor worker`, in the order of the help. */
export const WORKER_OPTIONS = {
  redis: { type: 'string', value: '<url>', help: 'the Redis of the queue, such as redis://localhost:6379' },
  queue: {
    type: 'string',
    value: '<name>',
    help: 'the queue to take requests from: that of harbor bulk --fleet',
  },
  concurrency: { type: 'string', value: '<n>', help: 'maximum number of calls in flight (64)' },
  'base-url': OPTIONS['base-url'],
  rpm: {
    type: 'string',
    value: '<n>',
    help: 'maximum requests per minute, of all workers together if @harbor/redis is installed (learned)',
  },
  tpm: { type: 'string', value: '<n>', help: 'maximum tokens per minute, of the same (learned)' },
  fallback: OPTIONS.fallback,
  cache: { type: 'boolean', help: 'send identical requests only once' },
  'spend-limit': {
    type: 'string',
    value: '<usd>',
    help: 'end the run before more than this was spent, in US dollars, since the workers first had the limit (none)',
  },
  model: { type: 'string', value: '<name>', help: 'the model of --price' },
  price: OPTIONS.price,
  page: {
    type: 'boolean',
    help: 'show the calls on a local page, whose address is printed; needs @harbor/devtools',
  },
  help: OPTIONS.help,
  version: OPTIONS.version,
} as const satisfies Record<string, CommandOption>
