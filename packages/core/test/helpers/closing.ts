import type { ServerResponse } from 'node:http'
import { expect, onTestFinished } from 'vitest'
import { APIError, Harbor, type HarborOptions } from '../../src/index.ts'
import { CHAT_ANSWER, sendJson, serve } from './http-server.ts'

export const ask = (content = 'Hello?') => ({
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content }],
})
export const LATER = { baseDelayMs: 3_600_000, maxDelayMs: 3_600_000, jitter: false } as const
export const CONTENT = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] })}\n\n`
export const END = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`

export function clientOf(baseURL: string, options: HarborOptions = {}): Harbor {
  const harbor = new Harbor({ apiKey: 'key', baseURL, logLevel: 'off', timeout: 86_400_000, ...options })
  onTestFinished(() => harbor.close({ graceMs: 0 }))
  return harbor
}

/** A provider that answers when the test says so. */
export async function holding(): Promise<{
  readonly baseURL: string
  readonly open: ServerResponse[]
  answerAll: () => void
}> {
  const open: ServerResponse[] = []
  const { baseURL } = await serve((_, response) => open.push(response))
  return { baseURL, open, answerAll: () => open.splice(0).forEach((each) => sendJson(each, CHAT_ANSWER)) }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

export const errorOf = (call: PromiseLike<unknown>): Promise<APIError> =>
  Promise.resolve(call).then(
    () => expect.fail('the call succeeded'),
    (error: unknown) => error as APIError,
  )

/** Expects the error of a client that is closed. */
export function expectClosed(error: unknown): void {
  expect(error).toBeInstanceOf(APIError)
  expect(error).toMatchObject({ status: 503, code: 'client_closed' })
  const { message } = error as APIError
  expect(message).toContain('This client is closed')
  expect(message).not.toMatch(/timed? ?out|pool/i)
}
