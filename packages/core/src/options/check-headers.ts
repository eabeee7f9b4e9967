import { OptionError } from '../base/errors.ts'
import type { HarborOptions } from './options.ts'

/** Matches a header value that HTTP allows, without surrounding whitespace. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** The options that the SDK sends as headers. The second name is the environment variable that the SDK reads if the option is not given. */
const SENT = [
  ['apiKey', 'OPENAI_API_KEY'],
  ['adminAPIKey', 'OPENAI_ADMIN_KEY'],
  ['organization', 'OPENAI_ORG_ID'],
  ['project', 'OPENAI_PROJECT_ID'],
] as const

/**
 * Checks the options that are sent as headers. Without this check, the runtime would throw an error whose message contains the invalid
 * value, such as a key.
 * @param env the environment in which the SDK looks for missing options; undefined for `createHarborFetch()`
 * @throws OptionError with the name of the option, without its value
 */
export function checkSentOptions(options: HarborOptions, env: NodeJS.ProcessEnv | undefined): void {
  for (const [option, variable] of SENT) {
    if (options[option] !== undefined) checkHeaderValue(option, options[option])
    else if (env) checkHeaderValue(variable, env[variable])
  }
  checkHeaderValues('defaultHeaders', options.defaultHeaders)
}

/**
 * Checks the values of headers.
 * @param headers an object of names and values; a `Headers` object is not checked, because it has checked its values itself
 */
export function checkHeaderValues(option: string, headers: unknown): void {
  if (typeof headers !== 'object' || headers === null || headers instanceof Headers) return
  for (const [name, value] of Object.entries(headers))
    for (const each of [value].flat()) checkHeaderValue(`${option}['${name}']`, each)
}

export function checkHeaderValue(option: string, value: unknown): void {
  if (typeof value !== 'string' || HEADER_VALUE.test(value.trim())) return
  throw new OptionError(
    option,
    `${option} contains a line break or another character that no HTTP header may contain. ` +
      'Check where it comes from, such as a file of several lines.',
  )
}
