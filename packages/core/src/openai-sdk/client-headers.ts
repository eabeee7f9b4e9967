/** The settings of a client that are sent as headers of its requests. */
export interface HeaderSource {
  readonly apiKey: string | null
  readonly organization: string | null
  readonly project: string | null
  readonly defaultHeaders: unknown
}

/**
 * Returns the headers that identify a client in its requests, as the SDK writes them. Leaves out values that are not allowed in a header.
 */
export function clientHeaders({ apiKey, organization, project, defaultHeaders }: HeaderSource): Headers {
  const headers = new Headers()
  if (apiKey) put(headers, 'authorization', `Bearer ${apiKey}`)
  put(headers, 'openai-organization', organization)
  put(headers, 'openai-project', project)
  for (const [name, value] of entriesOf(defaultHeaders)) put(headers, name, value)
  return headers
}

/**
 * Whether the given headers set or remove the header with this name. They may have any form that the SDK accepts.
 * @param name the name, in lower case
 */
export function namesHeader(given: unknown, name: string): boolean {
  return entriesOf(given).some(([each]) => each.toLowerCase() === name)
}

function put(headers: Headers, name: string, value: unknown): void {
  try {
    if (value === null) headers.delete(name)
    else if (typeof value === 'string') headers.set(name, value)
  } catch {
    // The SDK reports the invalid value with the first call.
  }
}

/**
 * Returns the names and values of headers in any form that the SDK accepts.
 * @param given `Headers`, a list of pairs, an object whose values are strings or lists, or the SDK's internal form
 */
function entriesOf(given: unknown): readonly (readonly [name: string, value: unknown])[] {
  if (typeof given !== 'object' || given === null) return []
  if (given instanceof Headers) return [...given]
  if (Array.isArray(given)) return given.filter(isPair)
  const { values, nulls } = given as { values?: unknown; nulls?: unknown }
  if (values instanceof Headers && nulls instanceof Set)
    return [...values, ...[...(nulls as Set<string>)].map((name) => [name, null] as const)]
  return Object.entries(given).map(([name, value]) => [name, Array.isArray(value) ? value.at(-1) : value])
}

function isPair(value: unknown): value is [string, unknown] {
  return Array.isArray(value) && typeof value[0] === 'string'
}
