/** How one option of the command is parsed and explained. */
export interface CommandOption {
  readonly type: 'string' | 'boolean'
  /** The placeholder for the value of the option in the help text, such as `<file>`. */
  readonly value?: string
  readonly help: string
  /** Set if the option affects only direct calls to the provider. A run through the Batch API makes no such calls. */
  readonly directOnly?: true
  /** Set if the option belongs to --via auto, which it implies. */
  readonly autoOnly?: true
  /** Set if the option affects only the calls of this process. With --fleet, workers make the calls. */
  readonly callsOnly?: true
}

/** The options of `harbor bulk`, in the order of the help. */
export const OPTIONS = {
  out: {
    type: 'string',
    value: '<file>',
    help: 'where the answers go, one line for each request; - for standard output, without a journal',
  },
  resume: {
    type: 'boolean',
    help: 'continue an earlier run; requests that have an answer are not sent again',
  },
  model: {
    type: 'string',
    value: '<name>',
    help: 'the model of lines that name none (HARBOR_MODEL)',
  },
  system: { type: 'string', value: '<text>', help: 'the system message of lines that are just a prompt' },
  'max-tokens': {
    type: 'string',
    value: '<n>',
    help: 'maximum tokens of an answer, for lines that set no limit themselves',
  },
  url: {
    type: 'string',
    value: '<path>',
    help: 'the endpoint of lines that name none: /v1/chat/completions, /v1/responses or /v1/embeddings (by what is in the line)',
  },
  'base-url': {
    type: 'string',
    value: '<url>',
    help: "the provider (OPENAI_BASE_URL, or else OpenAI's)",
    callsOnly: true,
  },
  via: {
    type: 'string',
    value: 'direct|provider|auto',
    help: "one call for each request; the provider's Batch API: half the price, within 24 hours; or what is cheapest by the deadline (direct)",
  },
  deadline: {
    type: 'string',
    value: '<time>',
    help: 'the time by which all answers should be there, such as 90m, 6h or 1d: batches and the tier flex where they are likely in time, and direct calls for the rest (1d with --via auto)',
    autoOnly: true,
  },
  'max-cost': {
    type: 'string',
    value: '<usd>',
    help: 'the maximum that the run may cost in US dollars, earlier runs included; requests that do not fit are left, and reported (none)',
    autoOnly: true,
  },
  'dry-run': {
    type: 'boolean',
    help: 'print what would go where, what it costs at most and by when, and send nothing',
    autoOnly: true,
  },
  concurrency: {
    type: 'string',
    value: '<n>',
    help: 'maximum number of calls in flight (64, or less if --rpm is less)',
    directOnly: true,
  },
  rpm: {
    type: 'string',
    value: '<n>',
    help: 'maximum requests per minute (learned)',
    directOnly: true,
    callsOnly: true,
  },
  tpm: {
    type: 'string',
    value: '<n>',
    help: 'maximum tokens per minute (learned)',
    directOnly: true,
    callsOnly: true,
  },
  fallback: {
    type: 'string',
    value: '<a,b>',
    help: 'models to fall back to when one fails, in order (none)',
    directOnly: true,
    callsOnly: true,
  },
  cache: {
    type: 'boolean',
    help: 'send identical requests only once in this run',
    directOnly: true,
    callsOnly: true,
  },
  'spend-limit': {
    type: 'string',
    value: '<usd>',
    help: 'end the run before its answers have cost more than this, those of earlier runs included, in US dollars (none)',
    directOnly: true,
    callsOnly: true,
  },
  price: {
    type: 'string',
    value: '<in,out>',
    help: 'US dollars for a million tokens of --model, input and output, such as 2.5,10 or in=2.5,out=10 (the price list)',
    callsOnly: true,
  },
  'max-line-bytes': {
    type: 'string',
    value: '<n>',
    help: 'maximum length of a line; longer ones are bad lines (16777216, which is 16 MiB)',
  },
  'stop-on-bad-line': { type: 'boolean', help: 'end the run at a line that cannot be read or is no request' },
  fleet: {
    type: 'string',
    value: '<url>',
    help: 'let workers make the calls, over the Redis at this URL (see harbor worker); needs @harbor/bullmq',
    directOnly: true,
  },
  queue: { type: 'string', value: '<name>', help: 'the queue of the workers, with --fleet' },
  page: {
    type: 'boolean',
    help: 'show the run on a local page, whose address is printed; needs @harbor/devtools',
    callsOnly: true,
  },
  report: {
    type: 'boolean',
    help: 'print what the run cost for each model at its end, earlier runs of the journal included',
  },
  'report-csv': { type: 'string', value: '<file>', help: 'write that report to a file, as CSV' },
  json: { type: 'boolean', help: 'progress and summary as JSON lines on standard output' },
  help: { type: 'boolean', help: 'this text' },
  version: { type: 'boolean', help: 'the version' },
} as const satisfies Record<string, CommandOption>

export type OptionName = keyof typeof OPTIONS

/** The exit codes of the command. */
export const EXIT = {
  allAnswered: { code: 0, help: 'every request has an answer' },
  someFailed: { code: 1, help: 'some requests failed, or lines were bad' },
  unusable: { code: 2, help: 'wrong usage, or a file that cannot be read or written' },
  moneySpent: { code: 3, help: 'the spend limit was reached, or requests were left because of --max-cost' },
  interrupted: { code: 130, help: 'interrupted' },
} as const satisfies Record<string, { readonly code: number; readonly help: string }>

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]['code']

/** An error that the user can fix. Its message says what is wrong and what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
