import { isRecord, type JsonBody } from '../../base/json.ts'

/** Begins the ids of answers that no provider made. */
export const LAST_RESORT = 'last-resort'

export function recordsIn(value: unknown): readonly JsonBody[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
