import type { RequestKeyContext } from './request-key.ts'
import { aName, expect, validate, type Check } from '../base/validate.ts'

/**
 * Refuses a context with an option that is missing, does not exist or makes no sense.
 *
 * @throws TypeError which says what was expected and what came; never the base URL or the scope, which may be secrets
 */
export function checkContext(context: RequestKeyContext): RequestKeyContext {
  validate(context, CHECKS, 'context')
  expect('baseURL', context.baseURL, CHECKS.baseURL)
  expect('scope', context.scope, CHECKS.scope)
  return context
}

const CHECKS: Readonly<Record<keyof RequestKeyContext, Check>> = {
  baseURL: [(value) => typeof value === 'string', 'an absolute URL'],
  scope: aName,
  ignore: [
    (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    'an array of property names',
  ],
  version: [(value) => Number.isSafeInteger(value) && (value as number) >= 0, 'a whole number of at least 0'],
}
