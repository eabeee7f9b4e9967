/** The fields that only identify or describe a part of an answer. Their values are not content. */
const DESCRIPTIVE = new Set([
  'type',
  'id',
  'role',
  'index',
  'object',
  'status',
  'phase',
  'format',
  'call_id',
  'item_id',
  'event_id',
  'response_id',
  'created_by',
  'encrypted_content',
  'obfuscation',
  'response',
])

/** How many levels deep a value is searched for content. No answer has that many levels; anything nested deeper counts as content. */
const MAX_DEPTH = 10

/**
 * Whether a value contains content for the reader of an answer: a text that is not empty, at any depth. Texts in unknown fields count.
 * Numbers and booleans do not count, since they are positions and flags.
 */
export function hasSubstance(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value !== ''
  if (typeof value !== 'object' || value === null) return false
  if (depth === MAX_DEPTH) return true
  if (Array.isArray(value)) return value.some((item) => hasSubstance(item, depth + 1))
  return fieldsHaveSubstance(value as Readonly<Record<string, unknown>>, depth)
}

/** Whether any field of an object contains content, ignoring the fields that only describe it. */
export function fieldsHaveSubstance(object: Readonly<Record<string, unknown>>, depth = 0): boolean {
  for (const field in object) {
    if (!DESCRIPTIVE.has(field) && hasSubstance(object[field], depth + 1)) return true
  }
  return false
}

/** Whether an event only shows that its server is alive: it contains nothing but its type, an id, numbers and times. */
export function isPing(data: Readonly<Record<string, unknown>>): boolean {
  for (const field in data) {
    const value = data[field]
    if (
      field !== 'type' &&
      field !== 'event_id' &&
      typeof value !== 'number' &&
      value != null &&
      !isTime(field)
    )
      return false
  }
  return true
}

function isTime(field: string): boolean {
  return /^(time|timestamp|ts|date|created_at)$/.test(field)
}
