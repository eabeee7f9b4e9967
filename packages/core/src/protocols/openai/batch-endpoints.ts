import type { JsonBody } from '../../base/json.ts'

/** The endpoints that a request in a batch file can be for. */
export type Endpoint = '/v1/chat/completions' | '/v1/responses' | '/v1/embeddings'

export const ENDPOINTS: readonly Endpoint[] = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings']

/** The names of fields, by endpoint: the field with the input, and the fields with the output limit, beginning with the current name. */
const FIELDS: Readonly<Record<Endpoint, { readonly input: string; readonly limits: readonly string[] }>> = {
  '/v1/chat/completions': { input: 'messages', limits: ['max_completion_tokens', 'max_tokens'] },
  '/v1/responses': { input: 'input', limits: ['max_output_tokens'] },
  '/v1/embeddings': { input: 'input', limits: [] },
}

const ENDPOINT = /(?:^|\/)(chat\/completions|responses|embeddings)\/?(?:\?.*)?$/

/** Returns the endpoint that a URL in a batch file names, with or without host and version; undefined for any other URL. */
export function endpointOfUrl(url: unknown): Endpoint | undefined {
  const [, name] = typeof url === 'string' ? (ENDPOINT.exec(url) ?? []) : []
  return name === undefined ? undefined : (`/v1/${name}` as Endpoint)
}

/**
 * Returns the endpoint that a body without a URL is meant for, judged by its fields. A body with `input` is for embeddings if its model is
 * an embedding model.
 */
export function endpointOfBody(body: JsonBody, defaultModel: string | undefined): Endpoint {
  if (!('input' in body)) return '/v1/chat/completions'
  const name = body['model'] ?? defaultModel
  return typeof name === 'string' && /embed/i.test(name) ? '/v1/embeddings' : '/v1/responses'
}

/** Returns the name of the required input field of a request to this endpoint. */
export function inputFieldOf(endpoint: Endpoint): string {
  return FIELDS[endpoint].input
}

/** Adds an output limit to a body, unless the body already has one, `maxTokens` is undefined, or the endpoint knows no such limit. */
export function withOutputLimit(body: JsonBody, endpoint: Endpoint, maxTokens: number | undefined): JsonBody {
  const { limits } = FIELDS[endpoint]
  const [name] = limits
  if (name === undefined || maxTokens === undefined) return body
  return limits.some((known) => body[known] != null) ? body : { ...body, [name]: maxTokens }
}
