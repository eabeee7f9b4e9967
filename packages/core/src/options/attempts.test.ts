import { describe, expect, it } from 'vitest'
import { attemptsOf } from './attempts.ts'

describe('attemptsOf', () => {
  it('is undefined when nothing is said', () => {
    expect(attemptsOf({})).toBeUndefined()
    expect(attemptsOf({ retry: { baseDelayMs: 1 } })).toBeUndefined()
  })
})
