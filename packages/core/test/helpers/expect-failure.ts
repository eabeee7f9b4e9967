import type { Fault } from '@harbor/simulator'
import { expect } from 'vitest'
import { receiptOf, type AttemptFailure } from '../../src/index.ts'

export type ErrorClass = abstract new (...args: never[]) => Error

/** A `timeouts.attemptMs` that is meant to run out. */
export const ATTEMPT_MS = 100

/** A fault of the simulator: an answer with this status. */
export function status(code: number, more: object = {}): Fault {
  return { type: 'status', status: code, ...more }
}

/** What a call rejects with. @throws Error when it succeeds */
export async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('The call succeeded.')
}

/** Asserts that a call failed with this error after this number of attempts, all of which failed alike. */
export function expectAttempts(
  error: unknown,
  expected: { error: ErrorClass; attempts: number; failure: Partial<AttemptFailure> },
): void {
  expect(error).toBeInstanceOf(expected.error)
  expect(receiptOf(error)?.attempts.map(({ failure }) => failure)).toEqual(
    Array.from({ length: expected.attempts }, () => expect.objectContaining(expected.failure) as unknown),
  )
}

/** The SDK takes any error whose message says "timed out" for a timeout, so no other message of Harbor may contain it. */
export function expectNoFalseTimeout(error: unknown): void {
  const { type, message } = error as { type?: string; message?: string }
  if (type === 'harbor_error') expect(message).not.toMatch(/timed? ?out/i)
}
