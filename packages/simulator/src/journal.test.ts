import { expect, it } from 'vitest'
import { Journal } from './journal.ts'

function request(call: number) {
  const empty = { method: 'POST', path: '/', query: '', headers: {}, body: undefined, requestId: '' }
  return {
    ...empty,
    call,
    wire: 'openai' as const,
    operation: 'chat' as const,
    model: undefined,
    stream: false,
    at: 0,
    connection: 1,
    aborted: false,
  }
}

it('keeps the last 10,000 requests', () => {
  const journal = new Journal()
  for (let call = 1; call <= 25_000; call++) journal.record(request(call))
  const calls = journal.requests().map((kept) => kept.call)
  expect(calls).toHaveLength(10_000)
  expect([calls[0], calls.at(-1)]).toEqual([15_001, 25_000])
  expect(journal.counts(0).byOperation).toEqual({ chat: 25_000 })
})

it('keeps at most 64 MiB of bodies', () => {
  const journal = new Journal()
  for (let call = 1; call <= 1_000; call++) journal.record(request(call), 1024 * 1024)
  expect(journal.requests().map((kept) => kept.call)).toEqual(
    Array.from({ length: 64 }, (_, index) => 937 + index),
  )
})
