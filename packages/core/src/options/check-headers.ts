import { OptionError } from '../base/errors.ts'
import type { HarborOptions } from './options.ts'

/** What HTTP allows in the value of a header, after the whitespace around it is removed. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** The options that the SDK sends as a header, and the variable that each comes from if it is not given. */
const SENT = [
  ['apiKey', 'OPENAI_API_KEY'],
  ['adminAPIKey', 'OPENAI_ADMIN_KEY'],
  ['organization', 'OPENAI_ORG_ID'],
  ['project', 'OPENAI_PROJECT_ID'],
] as const

/**
 * Checks what becomes a header where it comes in. Sent later it would fail in the runtime, whose message repeats the value.
 * @param env where the SDK looks for what is not given; undefined for a bare `fetch`
 * @throws OptionError naming the option, without its value
 */
export function checkSentOptions(options: HarborOptions, env: NodeJS.ProcessEnv | undefined): void {
  for (const [option, variable] of SENT) {
    if (options[option] !== undefined) checkHeaderValue(option, options[option])
    else if (env) checkHeaderValue(variable, env[variable])
  }
  checkHeaderValues('defaultHeaders', options.defaultHeaders)
}

/** @param headers names and values; anything else that the SDK takes for headers has been checked by what made it */
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
      'Check where it comes from, such as a file with more than one line.',
  )
}
