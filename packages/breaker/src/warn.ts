import { expectValue, type Check } from './validate.ts'

/** Emits a warning for an error that a user's function threw. Such an error must not change the result of a call. */
export function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(String(error), 'HarborWarning')
}

/**
 * Calls a user's function. If it throws or returns an invalid value, emits a warning and returns `defaultValue`.
 *
 * @param name the name of the function, for the warning
 */
export function callOr<Value>(name: string, call: () => Value, check: Check, defaultValue: Value): Value {
  try {
    const value = call()
    expectValue(`what ${name} returns`, value, check)
    return value
  } catch (error) {
    warn(error)
    return defaultValue
  }
}
