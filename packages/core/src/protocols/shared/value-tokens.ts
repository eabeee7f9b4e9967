import { isRecord } from '../../base/json.ts'
import { TextTokens } from '../../tokens/text-tokens.ts'
import { mediumIn } from './media-tokens.ts'

const NO_OWNER: Readonly<Record<string, unknown>> = {}
/** How many levels deep a value is counted field by field. A body may have any number of levels; those below are counted as JSON text. */
const MAX_DEPTH = 64

/** Adds up the tokens of JSON values. Every text and number counts, except in fields that are excluded by name. */
export class ValueTokens {
  readonly #text = new TextTokens()
  readonly #without: ReadonlySet<string>
  readonly #withNames: boolean
  #media = 0

  /**
   * @param without the names of the fields that do not count
   * @param withNames whether the names of fields count; true for requests
   */
  constructor(without: ReadonlySet<string>, withNames: boolean) {
    this.#without = without
    this.#withNames = withNames
  }

  get count(): number {
    return this.#text.count + this.#media
  }

  add(value: unknown, field = '', owner = NO_OWNER, depth = 0): void {
    if (typeof value === 'string') this.#addText(value, field, owner, '')
    else if (typeof value === 'number') this.#text.add(` ${value}`)
    else if (typeof value !== 'object' || value === null) return
    else if (depth === MAX_DEPTH) this.#text.add(textOf(value))
    else if (Array.isArray(value)) this.#addList(value, field, owner, depth)
    else if (isRecord(value)) this.#addFields(value, field, depth)
  }

  #addText(text: string, field: string, owner: Readonly<Record<string, unknown>>, outerField: string): void {
    const medium = mediumIn(text, field, owner, outerField)
    if (medium === undefined) this.#text.add(text)
    else this.#media += medium
  }

  #addList(
    list: readonly unknown[],
    field: string,
    owner: Readonly<Record<string, unknown>>,
    depth: number,
  ): void {
    for (const item of list) {
      // A text may be sent as a list of token numbers.
      if (typeof item === 'number') this.#media++
      else this.add(item, field, owner, depth + 1)
    }
  }

  #addFields(fields: Readonly<Record<string, unknown>>, under: string, depth: number): void {
    for (const name in fields) {
      if (this.#without.has(name) || repeats(name, fields)) continue
      if (this.#withNames) this.#text.add(name)
      const value = fields[name]
      if (typeof value === 'string') this.#addText(value, name, fields, under)
      else this.add(value, name === 'source' ? sourceOf(fields) : name, fields, depth + 1)
    }
  }
}

/**
 * Makes a name for the field `source` of a block, such as `image source`. The name says what kind of data the source holds, since the
 * estimate of its tokens depends on that.
 */
function sourceOf({ type }: Readonly<Record<string, unknown>>): string {
  return typeof type === 'string' ? `${type} source` : 'source'
}

/** Makes a counter for the content of answers: text, reasoning, refusals, tool calls and all other fields that carry content. */
export function contentTokens(): ValueTokens {
  return new ValueTokens(NO_CONTENT, false)
}

/** The fields of an answer whose values were not written by the model. */
const NO_CONTENT = new Set([
  'call_id',
  'created',
  'finish_reason',
  'id',
  'index',
  'item_id',
  'logprobs',
  'matched_stop',
  'mimeType',
  'model',
  'native_finish_reason',
  'object',
  'role',
  'status',
  'stop_reason',
  'thoughtSignature',
  'thought_signature',
  'type',
  'usage',
])

/** Whether a field repeats the reasoning of another field. Routers send reasoning twice, as a text and in parts. */
function repeats(name: string, fields: Readonly<Record<string, unknown>>): boolean {
  if (name === 'reasoning_details')
    return hasText(fields['reasoning']) || hasText(fields['reasoning_content'])
  return name === 'reasoning' && hasText(fields['reasoning_content'])
}

function hasText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function textOf(value: object): string {
  try {
    return JSON.stringify(value)
  } catch {
    return ''
  }
}
