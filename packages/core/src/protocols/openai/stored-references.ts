import { isRecord, type JsonBody } from '../../base/json.ts'

/** How many levels deep a body is searched. A body with more levels is treated as if it referred to something stored. */
const MAX_DEPTH = 64

/** The fields that end in `_id` but do not refer to anything stored. They only name a part of the request itself, or its user. */
const OWN_IDS = new Set(['call_id', 'tool_call_id', 'approval_request_id', 'user_id'])
/** The fields whose contents the caller defines, such as a JSON schema. They are not searched. */
const OWN_CONTENT = new Set(['metadata', 'parameters', 'schema', 'json_schema', 'arguments'])
const REFERENCE = /_ids?$/
/** Matches the names of models that were fine-tuned for one organization. */
const TRAINED = /^ft:/

/**
 * Whether a request refers to something that is stored for its account, or that only this account can read: a file, a vector store, a
 * container, an earlier answer, encrypted reasoning, a fine-tuned model.
 */
export function refersToStored(body: JsonBody): boolean {
  const { model } = body
  return (typeof model === 'string' && TRAINED.test(model)) || fieldsRefer(body, 0)
}

function fieldsRefer(record: JsonBody, depth: number): boolean {
  for (const name in record) {
    const value = record[name]
    if (value === null || value === undefined || OWN_CONTENT.has(name)) continue
    if (isReference(name, value) || (typeof value === 'object' && refers(value, depth + 1))) return true
  }
  return false
}

function isReference(name: string, value: unknown): boolean {
  if (typeof value === 'string') {
    if (value === '' || OWN_IDS.has(name)) return false
    if (name === 'type') return value.endsWith('_reference')
    return REFERENCE.test(name) || name === 'encrypted_content' || name === 'container'
  }
  if (Array.isArray(value)) return REFERENCE.test(name) && value.length > 0
  // The entries of lists have ids, too, but these name a part of the request: a call of a tool, for example.
  return isRecord(value) && typeof value['id'] === 'string'
}

function refers(value: object, depth: number): boolean {
  if (depth > MAX_DEPTH) return true
  if (!Array.isArray(value)) return fieldsRefer(value as JsonBody, depth)
  return value.some((item) => typeof item === 'object' && item !== null && refers(item as object, depth + 1))
}

/**
 * Whether later requests may refer to the answer, or may contain a part of it that only the same account can use.
 * @param storesByDefault whether the provider stores answers unless the request sets `store: false`
 */
export function makesStored(body: JsonBody, storesByDefault: boolean): boolean {
  const { store, include, modalities, tools } = body
  if (storesByDefault ? store !== false : store === true) return true
  if (Array.isArray(tools) && tools.some((tool) => isRecord(tool) && 'container' in tool)) return true
  return contains(include, 'reasoning.encrypted_content') || contains(modalities, 'audio')
}

function contains(list: unknown, item: string): boolean {
  return Array.isArray(list) && list.includes(item)
}
