import type { Check } from '@harbor/parts'

/** The default of `budgetMs`: how long a call waits for Redis, in milliseconds. */
export const DEFAULT_BUDGET_MS = 50
/** The maximum of `budgetMs`. A lease would expire before its grant arrives. */
const MAX_BUDGET_MS = 1_000

export const aPrefix: Check = (value) =>
  (typeof value === 'string' && /^[^:]{1,64}$/.test(value)) || 'a text of 1 to 64 characters without ":"'

/** A prefix of keys that one script uses, which must have one hash tag: the part of a key between braces. */
export const aTagPrefix: Check = (value) =>
  (aPrefix(value) === true && !/[{}]/.test(value as string)) ||
  'a text of 1 to 64 characters without ":", "{" and "}"'

export const aBudget: Check = (value) =>
  (typeof value === 'number' && value > 0 && value <= MAX_BUDGET_MS) ||
  `a number of milliseconds above 0, at most ${MAX_BUDGET_MS}`
