import {
  type Check,
  checkObject,
  checkTagged,
  type Fields,
  list,
  number,
  required,
  text,
  wholeNumber,
} from '../script/check-fields.ts'
import { latency, positions } from '../script/check-ranges.ts'
import type { BatchCondition, BatchFault, BatchFaultType, BatchRule, BatchScript } from './batch-script.ts'

/** Rejects anything unknown or wrong in a batch script. */
export const checkBatches: Check = (batches, where) => checkObject(batches, scriptFields, where)

const conditionFields: Fields<BatchCondition> = {
  batch: positions,
  every: wholeNumber(1),
  probability: number(0, 1),
}

const ruleFields: Fields<BatchRule> = {
  when: (when, where) => checkObject(when, conditionFields, where),
  fault: required((fault, where) => {
    if (fault !== 'ok') checkTagged(fault, faultFields, Object.keys(faultFields), where)
  }),
}

const scriptFields: Fields<BatchScript> = {
  validatingMs: latency,
  runMs: latency,
  finalizingMs: latency,
  cancellingMs: latency,
  enqueuedTokens: wholeNumber(1),
  maxRequests: wholeNumber(1),
  maxFileBytes: wholeNumber(1),
  rules: list((rule, where) => checkObject(rule, ruleFields, where)),
}

const share = required(number(0, 1))

const faultFields: { [Type in BatchFaultType]: Fields<Omit<Extract<BatchFault, { type: Type }>, 'type'>> } = {
  fail: { code: text, message: text, line: wholeNumber(1) },
  expire: { answered: share },
  cancel: { answered: share },
  vanish: { afterMs: required(number()) },
  errors: { share, status: wholeNumber(400, 599), code: text },
  lose: { share },
  slow: {
    ms: required(number()),
    then: (fault, where) => {
      const types = Object.keys(faultFields).filter((type) => type !== 'slow')
      checkTagged(fault, faultFields, types, where)
    },
  },
}
