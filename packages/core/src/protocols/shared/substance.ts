/** Fields that name, count or describe a part of an answer: they give its reader nothing yet. */
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

/** Nested deeper than any answer; what lies below counts unread. */
const MAX_DEPTH = 10

/**
 * Whether a value gives the reader of an answer something: a text that is not empty, wherever it stands. Fields that Harbor does not
 * know count. Numbers and booleans alone do not: they are positions and flags.
 */
export function hasSubstance(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return value !== ''
  if (typeof value !== 'object' || value === null) return false
  if (depth === MAX_DEPTH) return true
  if (Array.isArray(value)) return value.some((item) => hasSubstance(item, depth + 1))
  return fieldsHaveSubstance(value as Readonly<Record<string, unknown>>, depth)
}

/** The same for an object's fields, less those that only describe it. */
export function fieldsHaveSubstance(object: Readonly<Record<string, unknown>>, depth = 0): boolean {
  for (const field in object) {
    if (!DESCRIPTIVE.has(field) && hasSubstance(object[field], depth + 1)) return true
  }
  return false
}

/** Whether an event only shows that its server is alive: it holds nothing but its own name, a count or a time. */
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
