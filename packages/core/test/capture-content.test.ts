import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { perCall, receiptOf, type HarborFetchOptions } from '../src/index.ts'
import { anthropicOver, EVENTS, MESSAGE, onWire, QUESTION, sendStream } from './helpers/anthropic.ts'
import { capturing } from './helpers/capturing.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { ask, chat, chunk, events } from './helpers/fixed-answers.ts'
import { harborFetchFor, harborFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { sendJson, serve } from './helpers/http-server.ts'
import { collect } from './helpers/sdk-versions.ts'
import { harborWithBackup } from './helpers/two-providers.ts'
import { chunk as geminiChunk, event, geminiFor, MODEL, sendEvents } from './gemini/gemini-client.ts'

describe('captureContent', () => {
  it('passes on request, answer and receipt of a chat call', async () => {
    const { captureContent, captured } = capturing()
    const harbor = harborFor(await simulate(), { captureContent })
    const reply = await harbor.chat.completions.create(HELLO)
    const [call] = await captured(1)
    expect(call).toEqual({ receipt: receiptOf(reply), request: HELLO, answer: reply, truncated: false })
    expect(call?.receipt.outcome).toBe('success')
    expect(harbor.stats().captures).toEqual({ captured: 1, failed: 0, discarded: 0, waiting: 0 })
  })

  it('emits the event content with what redact returned', async () => {
    const { captureContent, captured } = capturing({ redact: (call) => ({ ...call, request: 'removed' }) })
    const harbor = harborFor(await simulate(), { captureContent })
    const seen: unknown[] = []
    harbor.on('content', (call) => seen.push(call))
    const reply = await harbor.chat.completions.create(HELLO)
    expect(seen).toEqual(await captured(1))
    expect(seen).toMatchObject([{ request: 'removed', answer: reply }])
  })

  it('emits no event content if redact throws', async () => {
    const warned = new Promise((resolve) => process.once('warning', resolve))
    const { captureContent } = capturing({
      redact: () => {
        throw new Error('mine')
      },
    })
    const harbor = harborFor(await simulate(), { captureContent })
    const seen: unknown[] = []
    harbor.on('content', (call) => seen.push(call))
    await harbor.chat.completions.create(HELLO)
    expect(String(await warned)).toContain('captureContent.redact threw')
    expect(seen).toEqual([])
  })

  it('does not show the message of what a listener of content throws, which may contain content', async () => {
    const warned = new Promise<Error & { detail?: string }>((resolve) => process.once('warning', resolve))
    const { captureContent, captured } = capturing()
    const harbor = harborFor(await simulate(), { captureContent })
    harbor.on('content', ({ request }) => {
      throw new Error(JSON.stringify(request))
    })
    await harbor.chat.completions.create(HELLO)
    const { message, detail } = await warned
    expect(message).toContain("A listener of 'content' threw")
    expect(detail).toBe('Error')
    await captured(1)
  })

  it('is off by default', async () => {
    const harbor = harborFor(await simulate())
    harbor.on('content', () => expect.unreachable())
    await harbor.chat.completions.create(HELLO)
    expect(harbor.stats().captures).toBeUndefined()
  })

  it('passes on the text of a stream, after its end', async () => {
    const text = events([chunk({ role: 'assistant', content: 'Héllo 👋' }), chunk({}, 'stop')])
    const upstream = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)
    })
    const { captureContent, calls, captured } = capturing()
    const harbor = harborFor(upstream, { captureContent })
    const stream = await harbor.chat.completions.create({ ...ask(), stream: true })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(calls).toEqual([])
    await collect(stream)
    expect((await captured(1))[0]).toMatchObject({
      answer: text,
      request: { stream: true },
      truncated: false,
    })
  })

  it('passes on what the reader of a stream got before it left', async () => {
    const provider = await simulate()
    const { captureContent, captured } = capturing()
    const harbor = harborFor(provider, { captureContent })
    provider.fail({ type: 'stream-stall', afterEvents: 3 })
    const stream = await harbor.chat.completions.create({ ...HELLO, stream: true })
    for await (const _chunk of stream) break
    const [call] = await captured(1)
    expect(call?.receipt.outcome).toBe('aborted')
    expect(call?.answer).toMatch(/^data: \{/)
  })

  it('passes on a stream that is never read as an empty text, when the client is closed', async () => {
    const { captureContent, captured } = capturing()
    const harbor = harborFor(await simulate(), { captureContent })
    await harbor.chat.completions.create({ ...HELLO, stream: true })
    await harbor.close({ graceMs: 0 })
    expect((await captured(1))[0]).toMatchObject({ answer: '', truncated: false })
  })

  it('keeps no stream alive that its caller dropped: it ends when it is collected, and is passed on', async () => {
    const { captureContent, calls } = capturing()
    const harbor = harborFor(await simulate(), { captureContent })
    await harbor.chat.completions.create({ ...HELLO, stream: true })
    const collected = (): number => {
      globalThis.gc?.()
      return calls.length
    }
    await expect.poll(collected).toBe(1)
    expect(calls[0]?.answer).toBe('')
  })

  it('passes on the body of an error', async () => {
    const provider = await simulate()
    const { captureContent, captured } = capturing()
    const harbor = harborFor(provider, { captureContent, retry: false })
    provider.fail(status(400))
    const error = await failureOf(harbor.chat.completions.create(HELLO))
    const [call] = await captured(1)
    expect(call).toMatchObject({ request: HELLO, receipt: { outcome: 'failure' } })
    expect(call?.answer).toEqual({ error: (error as { error: unknown }).error })
  })

  it('passes on no answer for a call that its caller aborted, or that got no answer', async () => {
    const provider = await simulate()
    const { captureContent, captured } = capturing()
    const harbor = harborFor(provider, { captureContent, retry: false })
    provider.fail({ type: 'hang' })
    const signal = AbortSignal.timeout(20)
    await harbor.chat.completions.create(HELLO, { signal }).catch(() => undefined)
    await provider.down()
    await harbor.chat.completions.create(HELLO).catch(() => undefined)
    for (const call of await captured(2)) expect(call).toMatchObject({ request: HELLO, answer: undefined })
  })

  it('passes on the answer that the caller got, after retries and a fallback', async () => {
    const { captureContent, captured } = capturing()
    const { primary, harbor } = await harborWithBackup({ captureContent })
    primary.fail(status(503))
    primary.fail(status(503))
    const reply = await harbor.chat.completions.create(HELLO)
    const [call] = await captured(1)
    expect(call?.answer).toEqual(reply)
    expect(call?.receipt.target).toBe('backup/gpt-4')
  })

  it.each([false, true])(
    'passes on answers from the cache, and their receipt says so (stream: %s)',
    async (stream) => {
      const { captureContent, captured } = capturing()
      const harbor = harborFor(await simulate(), { captureContent, cache: true })
      for (let n = 0; n < 2; n++) {
        const reply = await harbor.chat.completions.create({ ...HELLO, temperature: 0, stream })
        if (Symbol.asyncIterator in reply) await collect(reply)
      }
      const [first, second] = await captured(2)
      expect(second?.answer).toEqual(first?.answer)
      expect([first, second].map((call) => call?.receipt.cache?.status)).toEqual(['miss', 'hit'])
    },
  )

  it('passes on a copy: the caller may change its answer, and `to` may change what it gets', async () => {
    const { captureContent, captured } = capturing()
    const to = (call: { answer: unknown }): void => {
      const { choices } = call.answer as { choices: unknown[] }
      choices.length = 0
    }
    const harbor = harborFor(await simulate(), { captureContent, cache: true })
    const question = { ...HELLO, temperature: 0 }
    const reply = await harbor.chat.completions.create(question)
    reply.choices = []
    expect((await captured(1))[0]).toMatchObject({ answer: { choices: [{ index: 0 }] } })
    const copy = harbor.withOptions({ captureContent: { to } })
    await copy.chat.completions.create(question)
    await expect.poll(() => harbor.stats().captures?.captured).toBe(2)
    expect((await copy.chat.completions.create(question)).choices).toHaveLength(1)
  })

  it('is an option of a copy, and of configure()', async () => {
    const { captureContent, captured } = capturing()
    const harbor = harborFor(await simulate())
    await harbor.chat.completions.create(HELLO)
    await harbor.withOptions({ captureContent }).chat.completions.create(HELLO)
    await captured(1)
    harbor.configure({ captureContent })
    await harbor.chat.completions.create(HELLO)
    await captured(2)
    await harbor.withOptions({ captureContent: false }).chat.completions.create(HELLO)
  })

  it('captures the Responses API and embeddings, alone and in a batch', async () => {
    const { captureContent, captured } = capturing()
    const harbor = harborFor(await simulate(), { captureContent, embeddingBatch: true })
    const reply = await harbor.responses.create({ model: 'gpt-4', input: 'Hi' })
    const embeddings = await Promise.all(
      ['one', 'two'].map((input) =>
        harbor.embeddings.create({ model: 'e', input, encoding_format: 'float' }),
      ),
    )
    const calls = await captured(3)
    const { output_text: _added, ...answer } = reply
    expect(calls[0]).toMatchObject({
      request: { input: 'Hi' },
      answer: { id: answer.id, output: answer.output },
    })
    for (const [place, input] of ['one', 'two'].entries())
      expect(calls[place + 1]).toMatchObject({
        request: { input },
        answer: { data: embeddings[place]?.data },
      })
  })

  it.each([false, true])(
    'captures Anthropic and Gemini over createHarborFetch (stream: %s)',
    async (stream) => {
      const { captureContent, captured } = capturing()
      const wire = onWire(EVENTS)
      const server = await serve((_, response) => {
        if (stream) void sendStream(response, wire)
        else sendJson(response, MESSAGE)
      })
      const { client } = anthropicOver(server.origin, { captureContent })
      const reply = await client.messages.create({ ...QUESTION, stream })
      if (Symbol.asyncIterator in reply) for await (const _event of reply);
      expect((await captured(1))[0]).toMatchObject({
        request: { ...QUESTION, stream },
        answer: stream ? wire.join('') : MESSAGE,
      })
      const parts = [event(geminiChunk('Hello')), event(geminiChunk(' there', 'STOP'))]
      const { genai } = await geminiFor(
        (_, response) =>
          stream ? sendEvents(response, parts) : sendJson(response, geminiChunk('Hi', 'STOP')),
        { captureContent },
      )
      const request = { model: MODEL, contents: 'Hi' }
      if (stream) for await (const _part of await genai.models.generateContentStream(request));
      else await genai.models.generateContent(request)
      const [, call] = await captured(2)
      expect(call).toMatchObject({
        request: { contents: [{ parts: [{ text: 'Hi' }] }] },
        receipt: { model: MODEL },
      })
      expect(call?.answer).toEqual(stream ? parts.join('') : geminiChunk('Hi', 'STOP'))
    },
  )

  it('captures other endpoints: JSON as JSON, and no binary content', async () => {
    const sound = Buffer.from([0xff, 0xfb, 0, 1, 2, 3])
    const server = await serve(({ path }, response) => {
      if (path === '/v1/models') sendJson(response, { object: 'list', data: [] })
      else response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(sound)
    })
    const { captureContent, captured } = capturing()
    const harbor = harborFor(server, { captureContent })
    await harbor.models.list()
    const speech = await harbor.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hi' })
    expect(Buffer.from(await speech.arrayBuffer())).toEqual(sound)
    const [models, audio] = await captured(2)
    expect(models).toMatchObject({ request: undefined, answer: { object: 'list' }, truncated: false })
    expect(audio).toMatchObject({ request: { input: 'Hi' }, answer: undefined, truncated: true })
  })

  it('captures no prefetch', async () => {
    const { captureContent, calls } = capturing()
    const harbor = harborFor(await simulate(), { captureContent, cache: true })
    expect(await harbor.prefetch([{ body: { ...HELLO, temperature: 0 } }])).toMatchObject({ loaded: 1 })
    await harbor.close()
    expect(calls).toEqual([])
  })

  it('calls `to` in the async context of the call', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const harbor = harborFor(await simulate(), {
      captureContent: { to: ({ receipt }) => void seen.push([receipt.labels['tenant'], storage.getStore()]) },
    })
    await Promise.all(
      ['a', 'b', 'c'].map((tenant) =>
        storage.run(tenant, () => harbor.chat.completions.create(HELLO, perCall({ labels: { tenant } }))),
      ),
    )
    await harbor.close()
    expect(seen.toSorted()).toEqual([
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ])
  })

  it.each<[string, unknown]>([
    ['captureContent', true],
    ['captureContent.to', {}],
    ['captureContent.to', { to: 'file' }],
    ['captureContent.redact', { to: () => undefined, redact: 7 }],
    ['captureContent.maxBytes', { to: () => undefined, maxBytes: 0 }],
    ['captureContent.filter', { to: () => undefined, filter: () => true }],
  ])('is refused by name if it is invalid: %s, %j', (option, captureContent) => {
    const options = { captureContent } as HarborFetchOptions
    expect(() => harborFetchFor(options)).toThrow(
      expect.objectContaining({ name: 'OptionError', option }) as Error,
    )
  })

  it('changes no answer: text that is JSON to a reader stays the same bytes', async () => {
    const body = `{ "id": "c",\n"object": "chat.completion", "choices": ${JSON.stringify(chat('Hi').choices)} }`
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(body)
    })
    const { captureContent } = capturing()
    const fetch = harborFetchFor({ captureContent })
    const response = await fetch(`${server.baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(ask()),
    })
    expect(await response.text()).toBe(body)
  })
})
