import { ApiError } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { receiptOf } from '../../src/index.ts'
import { sendJson } from '../helpers/http-server.ts'
import { chunk, event, geminiFor, MODEL, readStream, sendEvents } from './gemini-client.ts'

const ERROR = { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' }
const WHOLE = [event(chunk('Hel')), event(chunk('lo', 'STOP'))]

describe("a stream of Gemini's that breaks after its first content", () => {
  it.each([
    ['an error event', event({ error: ERROR })],
    ['an error in a list', event([{ error: ERROR }])],
    ['an error without a field', `${JSON.stringify({ error: ERROR })}\n\n`],
    ['an error over several lines without a field', JSON.stringify({ error: ERROR }, null, 2)],
    ['a list without a field', `${JSON.stringify([{ error: ERROR }], null, 2)}\n`],
    ['an error whose code is a text', event({ error: { ...ERROR, code: '503' } })],
    ['an error event with a name', `event: error\n${event({ error: ERROR })}`],
  ])('by %s raises the error of the provider', async (_, broken) => {
    const { genai, receipts, requests } = await geminiFor((_request, response) =>
      sendEvents(response, [event(chunk('Hel')), broken]),
    )
    const { text, error } = await readStream(genai)
    expect(text).toBe('Hel')
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({
      status: 503,
      message: expect.stringContaining('The model is overloaded.') as string,
    })
    expect(requests).toHaveLength(1)
    expect(receipts).toMatchObject([{ outcome: 'failure' }])
  })

  it('by silence raises DEADLINE_EXCEEDED', async () => {
    const { genai } = await geminiFor(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event(chunk('Hel')))
      },
      { timeouts: { idleMs: 50 } },
    )
    const { text, error } = await readStream(genai)
    expect(text).toBe('Hel')
    expect(error).toMatchObject({ status: 504, message: expect.stringContaining('stream_stalled') as string })
  })

  it('has an estimated cost, since its counts are those of its middle', async () => {
    const { genai, receipts } = await geminiFor(
      (_request, response) => sendEvents(response, WHOLE.slice(0, 1)),
      {
        models: { [`google/${MODEL}`]: { price: { inputPerMillion: 1, outputPerMillion: 1 } } },
      },
    )
    await readStream(genai)
    expect(receipts).toMatchObject([{ usage: { inputTokens: 4 }, cost: { usage: 'estimated' } }])
  })
})

describe("a stream of Gemini's", () => {
  it.each([
    ['an error event', event({ error: ERROR })],
    ['a list', event([{ error: ERROR }])],
    ['an error without a field', JSON.stringify({ error: ERROR }, null, 2)],
    ['a list without a field', JSON.stringify([{ error: ERROR }], null, 2)],
    ['usage and then an error', event({ usageMetadata: { promptTokenCount: 3 } }) + event({ error: ERROR })],
    ['nothing', ': nothing\n\n'],
    ['no finish reason and no content', event({ candidates: [{ content: { parts: [{ text: '' }] } }] })],
  ])('that brings %s before any content is requested again', async (_, first) => {
    const { genai, requests } = await geminiFor((_request, response, call) =>
      sendEvents(response, call === 1 ? [first] : WHOLE),
    )
    expect(await readStream(genai)).toEqual({ text: 'Hello', chunks: 2, error: undefined })
    expect(requests).toHaveLength(2)
  })

  it('with several candidates needs the end of each', async () => {
    const second = { candidates: [{ index: 1, content: { parts: [{ text: 'B' }] }, finishReason: 'STOP' }] }
    const { genai } = await geminiFor((_request, response, call) =>
      sendEvents(response, [event(chunk('A', 'STOP')), call === 1 ? ': nothing\n\n' : event(second)]),
    )
    expect((await readStream(genai, { candidateCount: 2 })).error).toMatchObject({ status: 503 })
    expect((await readStream(genai, { candidateCount: 2 })).error).toBeUndefined()
  })

  it('that stops without content is an answer', async () => {
    const { genai, requests } = await geminiFor((_request, response) =>
      sendEvents(response, [event({ candidates: [{ finishReason: 'MAX_TOKENS' }] })]),
    )
    expect(await readStream(genai)).toEqual({ text: '', chunks: 1, error: undefined })
    expect(requests).toHaveLength(1)
  })

  it('whose prompt is blocked is an answer, and another model may take over by contentPolicyFallback', async () => {
    const blocked = event({
      promptFeedback: { blockReason: 'OTHER' },
      usageMetadata: { promptTokenCount: 4, totalTokenCount: 4 },
    })
    const alone = await geminiFor((_request, response) => sendEvents(response, [blocked]))
    expect(await readStream(alone.genai)).toEqual({ text: '', chunks: 1, error: undefined })
    expect(alone.requests).toHaveLength(1)
    expect(alone.receipts).toMatchObject([{ outcome: 'success', finishReasons: ['BLOCKED:OTHER'] }])

    const { genai, requests } = await geminiFor(
      ({ path }, response) => sendEvents(response, path.includes('flash') ? WHOLE : [blocked]),
      { contentPolicyFallback: { [`google/${MODEL}`]: ['google/gemini-2.5-flash'] } },
    )
    expect(await readStream(genai)).toMatchObject({ text: 'Hello' })
    expect(requests.map(({ path }) => path)).toEqual([
      `/v1/models/${MODEL}:streamGenerateContent?alt=sse`,
      '/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse',
    ])
  })

  it('as one JSON list passes as it arrives', async () => {
    const list = '[{"candidates":[{"content":{"parts":[{"text":"Hel"}]}}]}\n,\r\n{"cand'
    const { harborFetch, origin } = await geminiFor((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=UTF-8' }).write(list)
    })
    const response = await harborFetch(`${origin}/v1beta/models/${MODEL}:streamGenerateContent`, {
      method: 'POST',
      body: JSON.stringify({ contents: [] }),
    })
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toBe(list)
    await reader.cancel()
    expect(receiptOf(response)).toMatchObject({ guard: 'none', streaming: true, model: MODEL })
  })

  it('goes on by itself after CONTINUATION, with one answer to the caller', async () => {
    const paused = {
      candidates: [
        {
          content: { parts: [{ text: 'Hel' }] },
          finishReason: 'CONTINUATION',
          continuationToken: 'dG9rZW4=',
        },
      ],
    }
    const { genai, requests, receipts } = await geminiFor((_request, response, call) =>
      sendEvents(response, call === 1 ? [event(paused)] : [event(chunk('lo', 'STOP'))]),
    )
    expect(await readStream(genai)).toMatchObject({ text: 'Hello', error: undefined })
    expect(
      requests.map(({ body }) => (JSON.parse(body) as { continuationToken?: string }).continuationToken),
    ).toEqual([undefined, 'dG9rZW4='])
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['success', 'success'])
  })

  it('goes on by itself after a cut, when it had brought a token', async () => {
    const checkpoint = {
      candidates: [{ content: { parts: [{ text: 'Hel' }] }, continuationToken: 'dG9rZW4=' }],
    }
    const { genai, requests, receipts } = await geminiFor((_request, response, call) => {
      if (call === 1) sendEvents(response, [event(checkpoint)], false)
      else sendEvents(response, [event(chunk('lo', 'STOP'))])
    })
    expect(await readStream(genai)).toMatchObject({ text: 'Hello', error: undefined })
    expect(requests).toHaveLength(2)
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['failure', 'success'])
  })

  it('that its caller leaves is no failure of the target', async () => {
    const { genai, receipts, harborFetch } = await geminiFor((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event(chunk('Hel')))
    })
    const controller = new AbortController()
    const stream = await genai.models.generateContentStream({
      model: MODEL,
      contents: 'Hi',
      config: { abortSignal: controller.signal },
    })
    await stream.next()
    controller.abort()
    await expect(stream.next()).rejects.toThrow()
    expect(receipts).toMatchObject([{ outcome: 'aborted' }])
    expect(harborFetch.stats()).toMatchObject({
      failures: {},
      targets: { [`google/${MODEL}`]: { lastFailure: undefined } },
    })
    expect(harborFetch.stats().failures.stream).toBeUndefined()
  })
})

describe("Gemini's token counts", () => {
  it('are free under a spend limit', async () => {
    const { genai, receipts } = await geminiFor(
      (_request, response) => sendJson(response, { totalTokens: 3 }),
      {
        spendLimit: { usd: 0.01, per: 'hour' },
      },
    )
    expect(await genai.models.countTokens({ model: MODEL, contents: 'Hi' })).toMatchObject({ totalTokens: 3 })
    expect(receipts).toMatchObject([{ operation: 'countTokens', outcome: 'success' }])
  })
})
