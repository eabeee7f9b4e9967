import type { Fault } from '@harbor/simulator'
import { expect } from 'vitest'
import { receiptOf, type AttemptFailure } from '../src/index.ts'

export type ErrorClass = abstract new (...args: never[]) => Error

/** A limit that is meant to be passed. */
export const ATTEMPT_MS = 100

export function status(code: number, more: object = {}): Fault {
  return { type: 'status', status: code, ...more }
}

export async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('The call succeeded.')
}

/** That a call failed with this error, after so many attempts that all failed alike. */
export function expectAttempts(
  error: unknown,
  expected: { error: ErrorClass; attempts: number; failure: Partial<AttemptFailure> },
): void {
  expect(error).toBeInstanceOf(expected.error)
  expect(receiptOf(error)?.attempts.map(({ failure }) => failure)).toEqual(
    Array.from({ length: expected.attempts }, () => expect.objectContaining(expected.failure) as unknown),
  )
}

/** The SDK takes any error with these words for a timeout, so nothing else of ours may contain them. */
export function expectNoFalseTimeout(error: unknown): void {
  const { type, message } = error as { type?: string; message?: string }
  if (type === 'harbor_error') expect(message).not.toMatch(/timed? ?out/i)
}
