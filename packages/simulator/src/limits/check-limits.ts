import {
  type Check,
  checkObject,
  fail,
  type Fields,
  flag,
  number,
  oneOf,
  wholeNumber,
} from '../script/check-fields.ts'
import type { Limits, Quota } from './limits.ts'

const quotaFields: Fields<Quota> = {
  requestsPerMinute: number(1),
  tokensPerMinute: number(1),
  inputTokensPerMinute: number(1),
  outputTokensPerMinute: number(1),
  concurrency: wholeNumber(1),
}

const checkQuota: Check = (quota, where) => {
  checkObject(quota, quotaFields, where)
  refuseUnlimited(quota, Object.keys(quotaFields), where)
}

/** Throws if a limit has a wrong value, or if no limit is set. */
export const checkLimits: Check = (limits, where) => {
  checkObject(limits, limitsFields, where)
  refuseUnlimited(limits, [...Object.keys(quotaFields), 'models'], where)
}

const limitsFields: Fields<Limits> = {
  ...quotaFields,
  models: (models, where) => {
    if (typeof models !== 'object' || models === null || Object.keys(models).length === 0) {
      fail(where, 'an object with at least one model', models)
    }
    for (const [model, quota] of Object.entries(models)) checkQuota(quota, `${where}.${model}`)
  },
  minuteMs: number(1),
  burst: number(Number.MIN_VALUE, 1),
  charge: oneOf(['usage', 'reserved']),
  countRefused: flag,
  headers: oneOf(['all', 'retry-after', 'none']),
  clock: oneOf(['wall', 'scaled']),
}

function refuseUnlimited(value: unknown, fields: readonly string[], where: string): void {
  const given = value as Record<string, unknown>
  if (fields.every((field) => given[field] === undefined)) {
    fail(where, `given at least one of ${fields.join(', ')}`, value)
  }
}
