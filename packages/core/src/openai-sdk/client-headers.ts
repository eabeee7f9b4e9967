/** The settings of a client that are sent as headers of its requests. */
export interface HeaderSource {
  readonly apiKey: string | null
  readonly organization: string | null
  readonly project: string | null
  readonly defaultHeaders: unknown
}

/** The headers with which a client's requests identify it, as the SDK writes them. Values that are not allowed in a header are left out. */
export function clientHeaders({ apiKey, organization, project, defaultHeaders }: HeaderSource): Headers {
  const headers = new Headers()
  if (apiKey) put(headers, 'authorization', `Bearer ${apiKey}`)
  put(headers, 'openai-organization', organization)
  put(headers, 'openai-project', project)
  for (const [name, value] of entriesOf(defaultHeaders)) put(headers, name, value)
  return headers
}

/**
 * Whether headers, in any form that the SDK accepts, set or remove the header with this name.
 * @param name in lower case
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
 * The names and values of headers in any form that the SDK accepts.
 * @param given `Headers`, pairs, an object of strings or of lists, or the SDK's own form of one of them
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
