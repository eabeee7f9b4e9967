import type { JsonBody } from '../../base/json.ts'

/** Whether a request continues or leaves something at the provider, so that a second copy is not the same. */
export function isStateful(body: JsonBody): boolean {
  return body['previous_response_id'] != null || body['conversation'] != null || body['background'] === true
}
