import { isRecord, type JsonBody } from '../../base/json.ts'

/** The prefix of the ids of answers that a last resort made. */
export const LAST_RESORT = 'last-resort'

export function recordsIn(value: unknown): readonly JsonBody[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
