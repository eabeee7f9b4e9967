import { describeValue } from '@harbor/parts'
import { OptionError } from '../base/errors.ts'
import { NO_LABELS, type Labels } from '../reporting/labels.ts'

/** The maximum number of labels that are given in one place. */
const MAX_LABELS = 16
/** The maximum length of the value of a label, in characters. */
const MAX_VALUE_LENGTH = 256
const NAME = /^[\w.:-]{1,64}$/

/** Whether a value is a valid name of a label. */
export function isLabelName(name: unknown): boolean {
  return typeof name === 'string' && NAME.test(name)
}

/** The labels as they are given: a value may be undefined, which counts as not given. */
type GivenLabels = Readonly<Record<string, unknown>>

/**
 * Checks the option `labels`. No message contains a value.
 * @throws OptionError with the name of the invalid label
 */
export function checkLabels(labels: GivenLabels | undefined, option = 'labels'): void {
  if (!labels) return
  const names = Object.keys(labels)
  if (names.length > MAX_LABELS)
    throw new OptionError(option, `${option} has ${names.length} labels, and may have at most ${MAX_LABELS}.`)
  for (const name of names) {
    if (!isLabelName(name))
      throw new OptionError(
        option,
        `${option}: the name of a label has 1 to 64 letters, digits, or characters of "_.:-", got '${name.slice(0, 64)}'.`,
      )
    checkValue(`${option}.${name}`, labels[name])
  }
}

function checkValue(option: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && value.length <= MAX_VALUE_LENGTH)) return
  const got = typeof value === 'string' ? `one of ${value.length}` : describeValue(value)
  throw new OptionError(
    option,
    `${option} must be a text of at most ${MAX_VALUE_LENGTH} characters, got ${got}.`,
  )
}

/** Copies labels, since the caller's object may change later. Labels whose value is undefined are left out. */
export function copyLabels(labels: Labels | undefined): Labels | undefined {
  if (!labels) return undefined
  const given = Object.entries<string | undefined>(labels).filter(([, value]) => value !== undefined)
  return Object.freeze(Object.fromEntries(given)) as Labels
}

/** Adds labels to others. A label of the same name replaces the earlier one. */
export function withLabels(before: Labels | undefined, added: Labels | undefined): Labels {
  if (!added) return before ?? NO_LABELS
  return before ? Object.freeze({ ...before, ...added }) : added
}
