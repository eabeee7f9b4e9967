import { ApiError } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { sendJson } from '../helpers/http-server.ts'
import { chunk, event, geminiFor, MODEL, readStream, sendEvents } from './gemini-client.ts'

const WHOLE = [event(chunk('Hel')), event(chunk('lo', 'STOP'))]
const UNAVAILABLE = { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }

describe("Gemini's SDK over Harbor", () => {
  it('gets an answer, with its usage in the receipt', async () => {
    const { genai, receipts, requests } = await geminiFor((_request, response) =>
      sendJson(response, chunk('Hello', 'STOP')),
    )
    const answer = await genai.models.generateContent({ model: MODEL, contents: 'Hi' })
    expect(answer.text).toBe('Hello')
    expect(requests[0]?.path).toBe(`/v1/models/${MODEL}:generateContent`)
    expect(receipts).toMatchObject([
      {
        operation: 'generateContent',
        model: MODEL,
        streaming: false,
        finishReasons: ['STOP'],
        responseId: 'r1',
        usage: { inputTokens: 4, outputTokens: 2 },
        outcome: 'success',
      },
    ])
  })

  it('reads a stream to its end', async () => {
    const { genai, receipts } = await geminiFor((_request, response) => sendEvents(response, WHOLE))
    expect(await readStream(genai)).toEqual({ text: 'Hello', chunks: 2, error: undefined })
    expect(receipts).toMatchObject([{ streaming: true, outcome: 'success', finishReasons: ['STOP'] }])
  })

  it.each<[string, boolean]>([
    ['ends without a finish reason', true],
    ['is cut off', false],
  ])('raises its own error when a stream %s', async (_, end) => {
    const { genai, receipts } = await geminiFor((_request, response) =>
      sendEvents(response, WHOLE.slice(0, 1), end),
    )
    const { text, error } = await readStream(genai)
    expect(text).toBe('Hel')
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({
      status: 503,
      message: expect.stringContaining('stream_incomplete') as string,
    })
    expect(receipts).toMatchObject([{ outcome: 'failure' }])
  })

  it('is retried when an error stands in the stream before any content', async () => {
    const { genai, requests, receipts } = await geminiFor((_request, response, call) =>
      sendEvents(response, call === 1 ? [event(UNAVAILABLE)] : WHOLE),
    )
    expect(await readStream(genai)).toMatchObject({ text: 'Hello' })
    expect(requests).toHaveLength(2)
    expect(receipts[0]?.attempts[0]?.failure).toMatchObject({ kind: 'overloaded', code: 'UNAVAILABLE' })
  })

  it('makes one request when a daily quota is used up', async () => {
    const details = [
      { violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }] },
      { retryDelay: '36s' },
    ]
    const { genai, requests, receipts } = await geminiFor((_request, response) =>
      sendJson(response, { error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'q', details } }, 429),
    )
    await expect(genai.models.generateContent({ model: MODEL, contents: 'Hi' })).rejects.toMatchObject({
      status: 429,
    })
    expect(requests).toHaveLength(1)
    expect(receipts[0]?.attempts[0]?.failure).toMatchObject({ kind: 'quota' })
  })
})
