import { isRecord, type JsonBody } from '../../base/json.ts'

/** The text that marks the id of each answer that the option `lastResort` made. */
export const LAST_RESORT = 'last-resort'

export function recordsIn(value: unknown): readonly JsonBody[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
