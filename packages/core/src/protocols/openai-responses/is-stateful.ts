import type { JsonBody } from '../../base/json.ts'

/** Whether a request depends on or changes state that the provider stores, so that sending it a second time is not harmless. */
export function isStateful(body: JsonBody): boolean {
  return body['previous_response_id'] != null || body['conversation'] != null || body['background'] === true
}
