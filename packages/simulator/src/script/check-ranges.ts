import {
  type Check,
  checkObject,
  fail,
  type Fields,
  list,
  number,
  required,
  wholeNumber,
} from './check-fields.ts'
import type { Range } from './range.ts'

export const latency: Check = (value, where) => {
  if (typeof value === 'number') number()(value, where)
  else if (typeof value === 'object' && value !== null && 'mean' in value) {
    checkObject(value, { mean: required(number(Number.MIN_VALUE)), sigma: required(number()) }, where)
  } else if (typeof value === 'object' && value !== null && 'min' in value) {
    checkObject(value, { min: required(number()), max: required(number()) }, where)
    const { min, max } = value as { min: number; max: number }
    if (max < min) fail(`${where}.max`, `at least ${where}.min (${min})`, max)
  } else fail(where, 'milliseconds, { mean, sigma } or { min, max }', value)
}

export function range<Type extends Range>(fields: Fields<Type>): Check {
  return (value, where) => {
    checkObject(value, fields, where)
    const { from = 0, to = Infinity } = value as Range
    if (to < from) fail(`${where}.to`, `at least ${where}.from (${from})`, to)
  }
}

const positionFromOne = wholeNumber(1)

/** Checks positions, which are counted from 1: one number, several, or a range. */
export const positions: Check = (value, where) => {
  if (typeof value === 'number') positionFromOne(value, where)
  else if (Array.isArray(value)) list(positionFromOne)(value, where)
  else range<Range>({ from: positionFromOne, to: positionFromOne })(value, where)
}
