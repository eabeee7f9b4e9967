import { expect, it, describe } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'

const choices = [{ index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' }]

describe('a long prompt', () => {
  it.each([
    ['a few tokens more', 30, '{"prompt_tokens":8,"completion_tokens":1}', 15_000],
    ['a hidden system prompt', 30, '{"prompt_tokens":800,"completion_tokens":1}', 1_000],
    ['an absurd number', 1, '{"prompt_tokens":5000000,"completion_tokens":1}', 1],
    ['a number beyond all bounds', 1, '{"prompt_tokens":1e300,"completion_tokens":1}', 1],
    ['no number at all', 1, '{"prompt_tokens":"many","completion_tokens":1}', 1],
  ])('is sent at once after short ones that reported %s', async (_, answers, usage, words) => {
    let calls = 0
    const upstream = await serve((_request, response) => {
      const reported = calls++ < answers ? usage : '{"prompt_tokens":9,"completion_tokens":3}'
      const text = JSON.stringify({ id: 'c', object: 'chat.completion', choices }).replace(
        /\}$/,
        `,"usage":${reported}}`,
      )
      response.writeHead(200, { 'content-type': 'application/json' }).end(text)
    })
    const harbor = harborFor(upstream, { limits: { tokensPerMinute: 90_000, burstMs: 60_000 } })
    const ask = (content: string) =>
      harbor.chat.completions.create({
        model: 'm',
        max_completion_tokens: 5,
        messages: [{ role: 'user', content }],
      })
    for (let answer = 0; answer < answers; answer++) await ask('Hi')
    const reply = await ask('word '.repeat(words))
    expect(receiptOf(reply)?.attempts).toEqual([expect.objectContaining({ waitedFor: 'nothing' })])
  })
})
