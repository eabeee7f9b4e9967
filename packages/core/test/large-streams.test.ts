import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { receiptOf } from '../src/index.ts'
import { HELLO, harborFetchFor, harborFor } from './helpers/harbor-for.ts'
import { serve } from './helpers/http-server.ts'

const MIB = 1024 * 1024
const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const CHAT = chunk({ content: 'Hello.' }) + chunk({}, 'stop') + 'data: [DONE]\n\n'

async function sending(...pieces: readonly string[]) {
  return serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    writeAll(response, pieces)
  })
}

function writeAll(response: ServerResponse, [next, ...rest]: readonly string[]): void {
  if (next === undefined) response.end()
  else response.write(next, () => writeAll(response, rest))
}

async function chatText(baseURL: string, body: object = HELLO): Promise<string> {
  const response = await harborFetchFor({ maxRetries: 0 })(`${baseURL}/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ ...body, stream: true }),
  })
  return response.text()
}

describe('an event larger than 16 MiB', () => {
  const image = { type: 'image_generation_call', result: 'A'.repeat(9 * MIB) }
  const end = { response: { id: 'resp_1', status: 'completed', output: [image, image] } }

  it('is delivered whole, up to maxAnswerBytes', async () => {
    const { baseURL } = await sending(
      event('response.created', { response: { id: 'resp_1' } }),
      event('response.output_item.done', { item: image }),
      event('response.completed', end),
    )
    const stream = await harborFor({ baseURL }).responses.create({ model: 'm', input: 'x', stream: true })
    let last: unknown
    for await (const each of stream) last = each
    expect(last).toMatchObject({ type: 'response.completed' })
  })

  it('beyond maxAnswerBytes is a malformed answer, reported in band when content has come', async () => {
    const big = chunk({ content: 'A'.repeat(3 * MIB) }) + CHAT
    const late = await sending(CHAT.slice(0, CHAT.indexOf('\n\n') + 2), big)
    const harbor = harborFor(late, { maxAnswerBytes: 2 * MIB })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    let text = ''
    const reading = (async () => {
      for await (const each of stream) text += each.choices[0]?.delta.content ?? ''
    })()
    await expect(reading).rejects.toMatchObject({ code: 'stream_malformed' })
    expect(text).toBe('Hello.')

    const early = await sending(big)
    const failing = harborFor(early, { maxAnswerBytes: 2 * MIB }).chat.completions.create({
      ...HELLO,
      stream: true,
    })
    const error: unknown = await failing.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ status: 502, code: 'malformed_answer' })
    expect(receiptOf(error)).toMatchObject({ possiblyBilled: 2 })
    expect(early.requests).toHaveLength(2)
  })
})

describe('while a stream is held', () => {
  it.each([
    ['comments', ': ping\n\n'],
    ['pings', 'event: ping\ndata: {"type":"ping"}\n\n'],
    ['empty data', 'data: \n\n'],
    ['empty objects', 'data: {}\n\n'],
  ])('%s beyond 64 KiB are dropped', async (_, idle) => {
    const { baseURL } = await sending(...Array<string>(40).fill(idle.repeat(1_000)), CHAT)
    const text = await chatText(baseURL)
    expect(text.endsWith(CHAT)).toBe(true)
    expect(text.length).toBeLessThanOrEqual(64 * 1024 + CHAT.length)
  })

  it('role chunks and lifecycle events are never dropped, however many there are', async () => {
    const roles = chunk({ role: 'assistant', content: '' }).repeat(2_000)
    const { baseURL } = await sending(roles, CHAT)
    expect(await chatText(baseURL)).toBe(roles + CHAT)

    const lifecycle =
      event('response.created', { response: { id: 'resp_1', instructions: 'x'.repeat(100_000) } }) +
      event('response.in_progress', { response: { id: 'resp_1', instructions: 'x'.repeat(100_000) } })
    const tail =
      event('response.output_text.delta', { delta: 'a' }) + event('response.completed', { response: {} })
    const responses = await sending(lifecycle, ': ping\n\n'.repeat(20_000), tail)
    const response = await harborFetchFor()(`${responses.baseURL}/responses`, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', input: 'x', stream: true }),
    })
    const text = await response.text()
    expect(text.startsWith(lifecycle)).toBe(true)
    expect(text.endsWith(tail)).toBe(true)
  })

  it('what must be held is bounded, and more is a malformed answer', async () => {
    const roles = Array<string>(40).fill(chunk({ role: 'assistant', content: '' }).repeat(1_000))
    const { baseURL } = await sending(...roles, CHAT)
    const harbor = harborFor({ baseURL }, { maxAnswerBytes: 2 * MIB, maxRetries: 0 })
    await expect(harbor.chat.completions.create({ ...HELLO, stream: true })).rejects.toMatchObject({
      code: 'malformed_answer',
    })
  })

  it('many streams that hold much at once are all delivered', async () => {
    const roles = chunk({ role: 'assistant', content: '' }).repeat(15_000)
    const { baseURL } = await sending(roles, CHAT)
    const harbor = harborFor({ baseURL }, { maxAnswerBytes: 2 * MIB })
    const texts = await Promise.all(
      Array.from({ length: 20 }, async () => {
        let text = ''
        for await (const each of await harbor.chat.completions.create({ ...HELLO, stream: true }))
          text += each.choices[0]?.delta.content ?? ''
        return text
      }),
    )
    expect(new Set(texts)).toEqual(new Set(['Hello.']))
  })
})

describe('once content has come', () => {
  it('comments pass through', async () => {
    const text = chunk({ content: 'Hello.' }) + ': ping\n\n'.repeat(20_000) + chunk({}, 'stop')
    const { baseURL } = await sending(text)
    expect(await chatText(baseURL)).toBe(text)
  })
})
