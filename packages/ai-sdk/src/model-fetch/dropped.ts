import type { JSONObject } from '@ai-sdk/provider'
import { cleanName, isRecord } from '../json.ts'
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

  /** Adds what was changed in the prompt for the model, in the words of `adaptPrompt`. */
  addAll(names: readonly string[]): void {
    for (const name of names) this.add(name)
  }

  /**
   * Adds what a model reports in its warnings. The text of a warning is not repeated, because it may quote the request.
   * @throws RequestError when the model ignored what may change the meaning of its answer
   */
  addWarnings(warnings: unknown): void {
    if (!Array.isArray(warnings)) return
    for (const warning of warnings as readonly unknown[]) if (isRecord(warning)) this.#addWarning(warning)
  }

  #addWarning({ type, feature, setting }: JSONObject): void {
    if (type === 'unsupported') {
      const [word = ''] = typeof feature === 'string' ? feature.split(' ') : []
      const name = NAMES.get(word) ?? cleanName(word)
      // What is not known to be harmless may be a part of the prompt or of the tools.
      if (!TUNING.has(word)) throw ignored(name)
      this.add(name)
    } else if (type === 'compatibility') this.add(`compatibility:${cleanName(feature)}`)
    else this.add(type === 'deprecated' ? `deprecated:${cleanName(setting)}` : 'warning')
  }

  /** The response headers that report the names. */
  get headers(): Record<string, string> {
    return this.#names.size === 0 ? {} : { [DROPPED_HEADER]: [...this.#names].join(', ') }
  }
}

/** The first words with which providers report that an option had no effect which only tunes an answer, its length, speed or price. */
const TUNING: ReadonlySet<string> = new Set([
  'adaptive', // thinking
  'budgetTokens',
  'cacheControl',
  'cache_control',
  'extended', // thinking
  'filename',
  'frequencyPenalty',
  'maxOutputTokens',
  'presencePenalty',
  'promptCacheRetention',
  'reasoning',
  'reasoningEffort',
  'reasoningSummary',
  'seed',
  'serviceTier',
  'temperature',
  'thinking',
  'thinking.type',
  'topK',
  'topP',
])

/** The names of call options in OpenAI's requests. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['frequencyPenalty', 'frequency_penalty'],
  ['JSON', 'response_format'],
  ['maxOutputTokens', 'max_completion_tokens'],
  ['presencePenalty', 'presence_penalty'],
  ['reasoning', 'reasoning_effort'],
  ['responseFormat', 'response_format'],
  ['stopSequences', 'stop'],
  ['tool', 'tools'],
  ['toolChoice', 'tool_choice'],
  ['topP', 'top_p'],
])
