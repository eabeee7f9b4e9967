import { expectValue, type Check } from './validate.ts'

/** Reports the error of a user's function as a warning, where it must not change a result. */
export function warn(error: unknown): void {
  const { process } = globalThis as { process?: { emitWarning?: (text: string, type: string) => void } }
  process?.emitWarning?.(String(error), 'HarborWarning')
}

/** Calls a user's function. If it throws, or returns a wrong value, a warning is emitted and the default is used. */
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
