import type { Fault } from '@harbor/simulator'
import OpenAI from 'openai'
import { beforeEach, describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { CLIENTS } from './helpers/three-clients.ts'
import {
  ATTEMPT_MS,
  expectAttempts,
  expectNoFalseTimeout,
  failureOf,
  status,
} from './helpers/expect-failure.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { timeInTurns } from './helpers/time-in-turns.ts'

const { APIConnectionError, APIConnectionTimeoutError } = OpenAI

beforeEach(timeInTurns)

describe('what the caller gets', () => {
  it.each(CLIENTS)('from Harbor itself says so, and is not to be retried ($name)', async ({ make }) => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type: 'html-200' } }] } } })
    const { error } = await make(provider).ask('chat', 'm')
    expect(error).toMatchObject({ status: 502, type: 'harbor_error', code: 'malformed_answer' })
    expectNoFalseTimeout(error)
  })

  it('carries what Harbor did, and x-should-retry: false with every failure', async () => {
    const provider = await simulate()
    const fetch = harborFetchFor()
    const ask = (): Promise<Response> =>
      fetch(`${provider.baseURL}/chat/completions`, { method: 'POST', body: JSON.stringify(HELLO) })
    for (const [attempts, fault] of [
      [3, status(500)],
      [2, { type: 'html-200' }],
      [3, { type: 'error-200' }],
    ] as const) {
      provider.fail(...Array.from({ length: attempts }, () => fault))
      const { status: code, headers } = await ask()
      expect(code).toBeGreaterThanOrEqual(500)
      expect(headers.get('x-should-retry')).toBe('false')
      expect(headers.get('x-harbor-attempts')).toBe(String(attempts))
      expect(headers.get('x-request-id')).toMatch(/^req_/) // the provider's own headers stay
    }
    const { headers } = await ask()
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-harbor-attempts': '1',
      'x-harbor-target': 'openai/gpt-4',
    })
    expect(headers.get('x-should-retry')).toBeNull()
  })

  it('is the last transport error, with all its causes, when no target answered', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type: 'reset' } }] } } })
    const error = await failureOf(harborFor(provider).chat.completions.create(HELLO))
    expect(error).toBeInstanceOf(APIConnectionError)
    expect(error).not.toBeInstanceOf(APIConnectionTimeoutError)
    expect(error).toMatchObject({
      cause: { name: 'TypeError', message: 'fetch failed', cause: { code: 'ECONNRESET' } },
    })
  })

  it('is the provider that answered rather than the clock that ran out later', async () => {
    const provider = await simulate()
    provider.fail(status(503), { type: 'hang' }, { type: 'hang' })
    const harbor = harborFor(provider, { timeouts: { attemptMs: 200 } })
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    expect(error).toMatchObject({ status: 503 })
    expect(receiptOf(error)).toMatchObject({ possiblyBilled: 2, attempts: { length: 3 } })
  })

  it('is a timeout with its cause when the total ran out', async () => {
    const provider = await simulate({ providers: { openai: { rules: [{ fault: { type: 'hang' } }] } } })
    for (const stream of [false, true]) {
      const harbor = harborFor(provider, { timeout: ATTEMPT_MS })
      const error = await failureOf(harbor.chat.completions.create({ ...HELLO, stream }))
      expectAttempts(error, {
        error: APIConnectionTimeoutError,
        attempts: 1,
        failure: { kind: 'timeout', ambiguous: true },
      })
      expect(error).toMatchObject({ cause: { name: 'TimeoutError', clock: 'total', limitMs: ATTEMPT_MS } })
    }
  })

  it('is a timeout of the first content when a stream brings none', async () => {
    const fault: Fault = { type: 'stream-stall', afterEvents: 1 }
    const provider = await simulate({ providers: { openai: { rules: [{ fault }] } } })
    const harbor = harborFor(provider, { timeouts: { firstTokenMs: ATTEMPT_MS } })
    const error = await failureOf(harbor.chat.completions.create({ ...HELLO, stream: true }))
    expectAttempts(error, {
      error: APIConnectionTimeoutError,
      attempts: 2,
      failure: { kind: 'timeout', ambiguous: true },
    })
    expect(error).toMatchObject({ cause: { clock: 'first-token', limitMs: ATTEMPT_MS } })
  })

  it('is its own abort when it aborted: without a receipt, and not counted as a failure', async () => {
    const provider = await simulate()
    const harbor = harborFor(provider)
    provider.fail({ type: 'hang' })
    const error = await failureOf(harbor.chat.completions.create(HELLO, { signal: AbortSignal.timeout(20) }))
    expect(error).toBeInstanceOf(OpenAI.APIUserAbortError)
    expect(receiptOf(error)).toBeUndefined()
    expect(harbor.stats()).toMatchObject({ calls: 1, failures: {}, availability: 1 })
  })
})
