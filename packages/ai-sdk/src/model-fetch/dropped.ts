import type { SharedV4Warning } from '@ai-sdk/provider'
import { cleanName } from './json.ts'
import { ignored } from './request-error.ts'

/** The maximum number of names in the header `x-harbor-dropped`. */
const MAX_DROPPED = 20

/** The response header that lists the parts of a request that had no effect. */
const DROPPED_HEADER = 'x-harbor-dropped'

/** Collects the names of what a request contained and the model did not use. */
export class Dropped {
  readonly #names = new Set<string>()

  add(name: string): void {
    if (this.#names.size < MAX_DROPPED) this.#names.add(name)
  }

  /**
   * Adds what a model reports in its warnings. The text of a warning is not repeated, because it may quote the request.
   * @throws RequestError when the model ignored what changes the meaning of its answer
   */
  addWarnings(warnings: readonly SharedV4Warning[]): void {
    for (const warning of warnings) {
      if (warning.type === 'unsupported') {
        const [word = ''] = warning.feature.split(' ')
        if (MEANINGFUL.has(word)) throw ignored(NAMES.get(word) ?? word)
        this.add(NAMES.get(word) ?? cleanName(word))
      } else if (warning.type === 'compatibility') this.add(`compatibility:${cleanName(warning.feature)}`)
      else this.add(warning.type === 'deprecated' ? `deprecated:${cleanName(warning.setting)}` : 'warning')
    }
  }

  /** The response headers that report the names. */
  get headers(): Record<string, string> {
    return this.#names.size === 0 ? {} : { [DROPPED_HEADER]: [...this.#names].join(', ') }
  }
}

/** The call options whose loss changes the meaning of an answer. */
const MEANINGFUL: ReadonlySet<string> = new Set([
  'responseFormat',
  'stopSequences',
  'tool',
  'toolChoice',
  'tools',
])

/** The names of call options in OpenAI's requests. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['frequencyPenalty', 'frequency_penalty'],
  ['maxOutputTokens', 'max_completion_tokens'],
  ['presencePenalty', 'presence_penalty'],
  ['reasoning', 'reasoning_effort'],
  ['responseFormat', 'response_format'],
  ['stopSequences', 'stop'],
  ['tool', 'tools'],
  ['toolChoice', 'tool_choice'],
  ['topP', 'top_p'],
])
