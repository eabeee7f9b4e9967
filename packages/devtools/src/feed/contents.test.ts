import { expect, it } from 'vitest'
import { Contents } from './contents.ts'

const call = (id: string, request: unknown, answer: unknown) => ({
  receipt: { id },
  request,
  answer,
  truncated: false,
})

it('holds the contents of 200 calls, as texts', () => {
  const contents = new Contents()
  for (let index = 0; index < 300; index++) contents.add(call(`call_${index}`, { index }, 'data: {}'))
  expect(contents.of('call_99')).toBeUndefined()
  expect(contents.of('call_100')).toEqual({
    request: '{\n  "index": 100\n}',
    answer: 'data: {}',
    truncated: false,
  })
})

it('cuts a long content, and holds at most 8,000,000 characters', () => {
  const contents = new Contents()
  for (let index = 0; index < 50; index++) contents.add(call(`call_${index}`, 'q'.repeat(500_000), undefined))
  expect(contents.of('call_49')).toMatchObject({
    request: 'q'.repeat(400_000),
    answer: undefined,
    truncated: true,
  })
  expect([contents.of('call_29'), contents.of('call_30')?.truncated]).toEqual([undefined, true])
})
