import { endpointOfUrl, ENDPOINTS, type Endpoint } from '../protocols/openai/batch-endpoints.ts'
import {
  durationOf,
  keyOf,
  listOf,
  oneOf,
  parsed,
  positive,
  priceOf,
  redisUrlOf,
  textOf,
  urlOf,
  wholeNumber,
  type Environment,
  type PriceArgument,
  type Values,
} from './option-values.ts'
import { OPTIONS, type OptionName, UsageError } from './options.ts'

/** The parsed command line of `harbor bulk`. */
export interface BulkArguments {
  /** The path of the input file with the requests; undefined for standard input. */
  readonly input: string | undefined
  /** The path of the output file for the answers; undefined for standard output. */
  readonly out: string | undefined
  readonly resume: boolean
  readonly via: 'direct' | 'provider' | 'auto'
  /** The time until the deadline, in milliseconds; undefined for none. Only with `auto`, as the next two. */
  readonly deadlineMs: number | undefined
  /** The maximum that the run may cost, in US dollars; undefined for no maximum. */
  readonly maxUsd: number | undefined
  /** Whether only the plan is printed. */
  readonly dryRun: boolean
  /** The default values for fields that a line of the input does not set. */
  readonly lines: LineDefaults
  readonly client: ClientArguments
  readonly concurrency: number
  /** The maximum length of a line of the input, in bytes. */
  readonly maxLineBytes: number | undefined
  readonly stopOnBadLine: boolean
  readonly json: boolean
  /** Where the workers are that make the calls; undefined if this process makes them. */
  readonly fleet: { readonly url: string; readonly queue: string } | undefined
  /** Whether the run is shown on a page. */
  readonly page: boolean
  /** Whether the report of costs is printed. */
  readonly report: boolean
  /** The path of the file for the report of costs, as CSV; undefined for none. */
  readonly reportCsv: string | undefined
}

/** The default values for fields that a line of the input does not set. */
export interface LineDefaults {
  readonly model: string | undefined
  readonly system: string | undefined
  readonly maxTokens: number | undefined
  readonly url: Endpoint | undefined
  /** The only endpoint that the lines of the input may use; undefined for any endpoint. */
  readonly onlyUrl: Endpoint | undefined
}

export interface ClientArguments {
  readonly apiKey: string
  readonly baseURL: string | undefined
  readonly rpm: number | undefined
  readonly tpm: number | undefined
  readonly fallback: readonly string[]
  readonly cache: boolean
  readonly spendLimitUsd: number | undefined
  readonly price: PriceArgument | undefined
}

/**
 * Parses the command line of `harbor bulk`.
 * @throws UsageError for options that do not exist, make no sense or would have no effect
 */
export function parseBulk(args: readonly string[], env: Environment): BulkArguments | 'help' | 'version' {
  const { values, positionals } = parsed(args, OPTIONS)
  if (values.help) return 'help'
  if (values.version) return 'version'
  const text = (name: OptionName): string | undefined => textOf(values, name)
  const [input, ...more] = positionals
  if (input === undefined)
    throw new UsageError('the requests are missing: name their file, or - to read standard input.')
  if (more.length > 0) throw new UsageError(`one file of requests at a time: ${more[0]} is one too many.`)
  const dryRun = values['dry-run'] === true
  if (dryRun) refuseForDryRun(values)
  const out = text('out') ?? (dryRun ? '-' : undefined)
  if (out === undefined) throw new UsageError('--out is missing: name the file that the answers go to.')
  if (out === '-') refuseForStandardOutput(values, dryRun)

  const via = viaOf(text('via'), values)
  if (via === 'provider') refuseDirectOnly(values)
  const fleet = fleetOf(text('fleet'), text('queue'), out, values)
  const model = text('model') ?? (env['HARBOR_MODEL'] || undefined)
  const url = oneOf('url', endpointOfUrl(text('url')) ?? text('url'), ENDPOINTS)
  const rpm = positive('rpm', text('rpm'))
  const concurrency = wholeNumber('concurrency', text('concurrency'))
  return {
    input: input === '-' ? undefined : input,
    out: out === '-' ? undefined : out,
    resume: values.resume === true,
    via,
    deadlineMs: durationOf('deadline', text('deadline')),
    maxUsd: positive('max-cost', text('max-cost')),
    dryRun,
    lines: {
      model,
      system: text('system'),
      maxTokens: wholeNumber('max-tokens', text('max-tokens')),
      url,
      onlyUrl: via === 'provider' ? (url ?? '/v1/chat/completions') : undefined,
    },
    client: {
      // Workers have keys of their own.
      apiKey: fleet ? '' : keyOf(env),
      baseURL: urlOf(text('base-url') ?? (env['OPENAI_BASE_URL'] || undefined)),
      rpm,
      tpm: positive('tpm', text('tpm')),
      fallback: listOf('fallback', text('fallback')),
      cache: values.cache === true,
      spendLimitUsd: positive('spend-limit', text('spend-limit')),
      price: priceOf(text('price'), model),
    },
    // More calls than can start within a minute would only wait, while their timeouts run.
    concurrency: concurrency ?? (fleet ? FLEET_WINDOW : Math.min(64, Math.ceil(rpm ?? 64))),
    maxLineBytes: wholeNumber('max-line-bytes', text('max-line-bytes')),
    stopOnBadLine: values['stop-on-bad-line'] === true,
    json: values.json === true,
    fleet,
    page: values.page === true,
    report: values.report === true,
    reportCsv: text('report-csv'),
  }
}

/** Returns the value of `--via`. @throws UsageError for options of `auto` with another value */
function viaOf(text: string | undefined, values: Values<OptionName>): BulkArguments['via'] {
  const given = oneOf('via', text, ['direct', 'provider', 'auto'])
  const name = (Object.keys(values) as OptionName[]).find((each) => 'autoOnly' in OPTIONS[each])
  if (name === undefined) return given ?? 'direct'
  if (given !== undefined && given !== 'auto')
    throw new UsageError(`--${name} does nothing with --via ${given}. Leave --via out, or make it auto.`)
  return 'auto'
}

/** The number of requests that are in the queue or at workers at once. */
const FLEET_WINDOW = 1_000

/** @throws UsageError for a missing queue, and for options that have no effect while workers make the calls */
function fleetOf(
  url: string | undefined,
  queue: string | undefined,
  out: string,
  values: Values<OptionName>,
): BulkArguments['fleet'] {
  if (url === undefined) {
    if (queue === undefined) return undefined
    throw new UsageError('--queue is that of --fleet, which is missing.')
  }
  if (queue === undefined) throw new UsageError('--queue is missing: name the queue of the workers.')
  if (values.via === 'auto' || 'deadline' in values || 'max-cost' in values || 'dry-run' in values)
    throw new UsageError('--via auto does not work with --fleet, where workers make the calls. Choose one.')
  if (out === '-')
    throw new UsageError('--fleet needs a journal, which --out - does not have. Name a file with --out.')
  for (const name of Object.keys(values) as OptionName[]) {
    if ('callsOnly' in OPTIONS[name])
      throw new UsageError(
        `--${name} does nothing with --fleet, where workers make the calls. Give it to harbor worker.`,
      )
  }
  return { url: redisUrlOf('fleet', url), queue }
}

/** Rejects options that have no effect with the Batch API. */
function refuseDirectOnly(values: Values<OptionName>): void {
  for (const name of Object.keys(values) as OptionName[]) {
    const option = OPTIONS[name]
    if ('directOnly' in option)
      throw new UsageError(
        `--${name} does nothing with --via provider, which makes no calls of its own. Leave it out.`,
      )
  }
}

/** Rejects options that show or report what a run does: a dry run does nothing. */
function refuseForDryRun(values: Values<OptionName>): void {
  const name = (['report', 'report-csv', 'page'] as const).find((each) => each in values)
  if (name !== undefined)
    throw new UsageError(`--${name} does nothing with --dry-run, which sends nothing. Leave one of them out.`)
}

/**
 * Rejects options that do not work if the answers go to standard output. `--json` writes to standard output itself, and
 * `--resume` needs a journal, which only a file of answers has.
 */
function refuseForStandardOutput({ json, resume }: Values<OptionName>, dryRun: boolean): void {
  // A dry run writes no answers.
  if (json && !dryRun)
    throw new UsageError(
      '--json writes progress to standard output, where --out - writes the answers. Choose one.',
    )
  if (resume) throw new UsageError('--out - keeps no journal to resume from. Name a file with --out.')
}
