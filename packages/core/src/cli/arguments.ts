import { parseArgs } from 'node:util'
import { endpointOfUrl, ENDPOINTS, type Endpoint } from '../protocols/openai/batch-endpoints.ts'
import { didYouMean } from '@harbor/parts'
import { OPTIONS, type OptionName, UsageError } from './options.ts'

/** The parsed command line of `harbor bulk`. */
export interface BulkArguments {
  /** The path of the input file with the requests; undefined for standard input. */
  readonly input: string | undefined
  /** The path of the output file for the answers; undefined for standard output. */
  readonly out: string | undefined
  readonly resume: boolean
  readonly via: 'direct' | 'provider'
  /** The default values for fields that a line of the input does not set. */
  readonly lines: LineDefaults
  readonly client: ClientArguments
  readonly concurrency: number
  /** The maximum length of a line of the input, in bytes. */
  readonly maxLineBytes: number | undefined
  readonly stopOnBadLine: boolean
  readonly json: boolean
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
  readonly price: { readonly model: string; readonly input: number; readonly output: number } | undefined
}

type Values = Partial<Record<OptionName, string | boolean>>
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Parses the command line of `harbor bulk`.
 * @throws UsageError for options that do not exist, make no sense or would have no effect
 */
export function parseBulk(args: readonly string[], env: Environment): BulkArguments | 'help' | 'version' {
  const { values, positionals } = parsed(args)
  if (values.help) return 'help'
  if (values.version) return 'version'
  const text = (name: OptionName): string | undefined => {
    const value = values[name]
    if (value === '') throw new UsageError(`--${name} is empty. Give it a value, or leave it out.`)
    return typeof value === 'string' ? value : undefined
  }
  const [input, ...more] = positionals
  if (input === undefined)
    throw new UsageError('the requests are missing: name their file, or - to read standard input.')
  if (more.length > 0) throw new UsageError(`one file of requests at a time: ${more[0]} is one too many.`)
  const out = text('out')
  if (out === undefined) throw new UsageError('--out is missing: name the file that the answers go to.')
  if (out === '-') refuseForStandardOutput(values)

  const via = oneOf('via', text('via'), ['direct', 'provider']) ?? 'direct'
  if (via === 'provider') refuseDirectOnly(values)
  const model = text('model') ?? (env['HARBOR_MODEL'] || undefined)
  const url = oneOf('url', endpointOfUrl(text('url')) ?? text('url'), ENDPOINTS)
  const rpm = positive('rpm', text('rpm'))
  const concurrency = wholeNumber('concurrency', text('concurrency'))
  return {
    input: input === '-' ? undefined : input,
    out: out === '-' ? undefined : out,
    resume: values.resume === true,
    via,
    lines: {
      model,
      system: text('system'),
      maxTokens: wholeNumber('max-tokens', text('max-tokens')),
      url,
      onlyUrl: via === 'provider' ? (url ?? '/v1/chat/completions') : undefined,
    },
    client: {
      apiKey: keyOf(env),
      baseURL: urlOf(text('base-url') ?? (env['OPENAI_BASE_URL'] || undefined)),
      rpm,
      tpm: positive('tpm', text('tpm')),
      fallback: listOf('fallback', text('fallback')),
      cache: values.cache === true,
      spendLimitUsd: positive('spend-limit', text('spend-limit')),
      price: priceOf(text('price'), model),
    },
    // More calls than can start within a minute would only wait, while their timeouts run.
    concurrency: concurrency ?? Math.min(64, Math.ceil(rpm ?? 64)),
    maxLineBytes: wholeNumber('max-line-bytes', text('max-line-bytes')),
    stopOnBadLine: values['stop-on-bad-line'] === true,
    json: values.json === true,
    page: values.page === true,
    report: values.report === true,
    reportCsv: text('report-csv'),
  }
}

function parsed(args: readonly string[]): { values: Values; positionals: string[] } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const option = /'(-[^' ]*)/.exec(message)?.[1] ?? ''
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const near = didYouMean(option.replace(/^-+/, ''), Object.keys(OPTIONS))
      const hint = near === undefined ? '' : ` Did you mean --${near}?`
      throw new UsageError(`unknown option ${option}.${hint} harbor --help lists all there is.`)
    }
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
      const name = option.replace(/^-+/, '')
      const takesValue = OPTIONS[name as OptionName].type === 'string'
      throw new UsageError(takesValue ? `${option} needs a value: ${option}=…` : `${option} takes no value.`)
    }
    throw error
  }
}

/** Rejects options that have no effect with the Batch API. */
function refuseDirectOnly(values: Values): void {
  for (const name of Object.keys(values) as OptionName[]) {
    const option = OPTIONS[name]
    if ('directOnly' in option)
      throw new UsageError(
        `--${name} does nothing with --via provider, which makes no calls of its own. Leave it out.`,
      )
  }
}

/**
 * Rejects options that do not work if the answers go to standard output. `--json` writes to standard output itself, and
 * `--resume` needs a journal, which only a file of answers has.
 */
function refuseForStandardOutput({ json, resume }: Values): void {
  if (json)
    throw new UsageError(
      '--json writes progress to standard output, where --out - writes the answers. Choose one.',
    )
  if (resume) throw new UsageError('--out - keeps no journal to resume from. Name a file with --out.')
}

function keyOf(env: Environment): string {
  const key = env['OPENAI_API_KEY']
  // A key with other characters may come from a secret file with a second line, a carriage return or a typographic
  // quote. No header can carry such a key, and error messages would contain it.
  if (key && !/^[\x21-\x7e]+$/.test(key)) {
    throw new UsageError(
      'OPENAI_API_KEY contains a line break, a space or another character that no key has. Set it to the key alone.',
    )
  }
  if (key) return key
  throw new UsageError(
    'OPENAI_API_KEY is not set. Set it to your key; for a server that needs none, to any text.',
  )
}

function urlOf(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return text
  throw new UsageError('--base-url must be the root of the endpoints, such as https://api.openai.com/v1.')
}

function oneOf<Value extends string>(
  name: OptionName,
  text: string | undefined,
  values: readonly Value[],
): Value | undefined {
  if (text === undefined) return undefined
  const found = values.find((value) => value === text)
  if (found === undefined) throw new UsageError(`--${name} must be one of ${values.join(', ')}, got ${text}.`)
  return found
}

function wholeNumber(name: OptionName, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= 1) return value
  throw new UsageError(`--${name} must be a whole number of at least 1, got ${text}.`)
}

function positive(name: OptionName, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value < Infinity) return value
  throw new UsageError(`--${name} must be a number above 0, got ${text}.`)
}

function listOf(name: OptionName, text: string | undefined): readonly string[] {
  const items = text?.split(',').map((item) => item.trim()) ?? []
  if (items.includes(''))
    throw new UsageError(`--${name} must be names with commas between them, got ${text}.`)
  return items
}

/** The forms of a price: `2.5,10` or `in=2.5,out=10`. */
const PRICE_FORMS = [
  /^\s*([\d.]+(?:e[-+]?\d+)?)\s*,\s*([\d.]+(?:e[-+]?\d+)?)\s*$/i,
  /^\s*in(?:put)?=([\d.]+(?:e[-+]?\d+)?)\s*,\s*out(?:put)?=([\d.]+(?:e[-+]?\d+)?)\s*$/i,
]

function priceOf(text: string | undefined, model: string | undefined): ClientArguments['price'] {
  if (text === undefined) return undefined
  if (model === undefined) throw new UsageError('--price is that of --model, which is missing.')
  const [input = NaN, output = NaN, ...more] = PRICE_FORMS.flatMap(
    (form) => form.exec(text)?.slice(1) ?? [],
  ).map(Number)
  const isPrice = [input, output].every((usd) => usd >= 0 && usd < Infinity) && more.length === 0
  if (!isPrice)
    throw new UsageError(
      `--price must be US dollars for a million tokens of input and output, such as 2.5,10 or in=2.5,out=10; got ${text}.`,
    )
  return { model, input, output }
}
