import { parseArgs } from 'node:util'
import { didYouMean } from '@harbor/parts'
import { type CommandOption, UsageError } from './options.ts'

/** The values of the options of one command, by name. */
export type Values<Name extends string> = Partial<Record<Name, string | boolean>>
export type Environment = Readonly<Record<string, string | undefined>>

/** A price in US dollars for a million tokens of a model. */
export interface PriceArgument {
  readonly model: string
  readonly input: number
  readonly output: number
}

/**
 * Splits a command line into options and the rest.
 * @throws UsageError for an option that does not exist, has no value, or takes none
 */
export function parsed<Name extends string>(
  args: readonly string[],
  options: Readonly<Record<Name, CommandOption>>,
): { values: Values<Name>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    return { values: values, positionals }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const option = /'(-[^' ]*)/.exec(message)?.[1] ?? ''
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const near = didYouMean(option.replace(/^-+/, ''), Object.keys(options))
      const hint = near === undefined ? '' : ` Did you mean --${near}?`
      throw new UsageError(`unknown option ${option}.${hint} harbor --help lists all there is.`)
    }
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
      const name = option.replace(/^-+/, '')
      const takesValue = options[name as Name].type === 'string'
      throw new UsageError(takesValue ? `${option} needs a value: ${option}=…` : `${option} takes no value.`)
    }
    throw error
  }
}

/** Returns the value of an option as text. @throws UsageError for an empty one */
export function textOf<Name extends string>(values: Values<Name>, name: Name): string | undefined {
  const value = values[name]
  if (value === '') throw new UsageError(`--${name} is empty. Give it a value, or leave it out.`)
  return typeof value === 'string' ? value : undefined
}

export function keyOf(env: Environment): string {
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

export function urlOf(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol))) return text
  throw new UsageError('--base-url must be the root of the endpoints, such as https://api.openai.com/v1.')
}

/** @param name the option with the URL of Redis */
export function redisUrlOf(name: string, text: string): string {
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol)) return text
  throw new UsageError(`--${name} must be the URL of a Redis server, such as redis://localhost:6379.`)
}

export function oneOf<Value extends string>(
  name: string,
  text: string | undefined,
  values: readonly Value[],
): Value | undefined {
  if (text === undefined) return undefined
  const found = values.find((value) => value === text)
  if (found === undefined) throw new UsageError(`--${name} must be one of ${values.join(', ')}, got ${text}.`)
  return found
}

export function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= 1) return value
  throw new UsageError(`--${name} must be a whole number of at least 1, got ${text}.`)
}

export function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (text.trim() !== '' && value > 0 && value < Infinity) return value
  throw new UsageError(`--${name} must be a number above 0, got ${text}.`)
}

const DAY_MS = 86_400_000
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: DAY_MS }
/** A later time could not be shown as a date. */
const MAX_DAYS = 36_500

/** Returns a time such as `6h` in milliseconds. @throws UsageError for another form */
export function durationOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text.trim()) ?? []
  const ms = Number(number) * (UNIT_MS[unit] ?? NaN)
  if (ms > MAX_DAYS * DAY_MS)
    throw new UsageError(`--${name} must be at most ${MAX_DAYS}d, a hundred years, got ${text}.`)
  if (ms > 0) return ms
  throw new UsageError(`--${name} must be a number with s, m, h or d, such as 90m or 6h, got ${text}.`)
}

export function listOf(name: string, text: string | undefined): readonly string[] {
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

/** With a larger price, the sum for many requests could not be shown as a number. */
const MAX_PRICE_USD = 1_000_000_000

export function priceOf(text: string | undefined, model: string | undefined): PriceArgument | undefined {
  if (text === undefined) return undefined
  if (model === undefined) throw new UsageError('--price is that of --model, which is missing.')
  const [input = NaN, output = NaN, ...more] = PRICE_FORMS.flatMap(
    (form) => form.exec(text)?.slice(1) ?? [],
  ).map(Number)
  const isPrice = [input, output].every((usd) => usd >= 0 && usd <= MAX_PRICE_USD) && more.length === 0
  if (!isPrice)
    throw new UsageError(
      `--price must be US dollars for a million tokens of input and output, such as 2.5,10 or in=2.5,out=10, and at most a billion; got ${text}.`,
    )
  return { model, input, output }
}
