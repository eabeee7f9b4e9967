import OpenAI from 'openai'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { OptionError, receiptOf, type Receipt } from '../src/index.ts'
import { failureOf, status } from './helpers/expect-failure.ts'
import { harborFetchFor, HELLO, simulate } from './helpers/harbor-for.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'
import { twoProviders } from './helpers/two-providers.ts'

function chat(body: object = HELLO): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

describe('harborFetch.with()', () => {
  it('gives the calls of one copy options of their own, over the same state', async () => {
    const { primary, options } = await twoProviders()
    const harborFetch = harborFetchFor({ ...options, maxRetries: 0 })
    const client = new OpenAI({ apiKey: 'k', baseURL: primary.baseURL, fetch: harborFetch, maxRetries: 0 })
    const receipts: Receipt[] = []
    const copy = client.withOptions({
      fetch: harborFetch.with({ fallback: false, onReceipt: (receipt) => receipts.push(receipt) }),
    })
    primary.fail(status(501), status(501))
    await expect(copy.chat.completions.create(HELLO)).rejects.toMatchObject({ status: 501 })
    const answer = await client.chat.completions.create(HELLO).withResponse()
    expect(receiptOf(answer.response)?.target).toBe('backup/gpt-4')
    expect(receipts.map(({ outcome }) => outcome)).toEqual(['failure'])
    expect(harborFetch.stats().calls).toBe(2)
    expect(harborFetch.with({}).stats().calls).toBe(2)
  })

  it('adds to the options of the copy that it is called on, and timeouts one by one', async () => {
    const provider = await simulate()
    const seen: string[] = []
    const harborFetch = harborFetchFor({ cache: { when: 'always' } })
    const first = harborFetch.with({
      scope: 'a',
      onReceipt: () => seen.push('first'),
      timeouts: { idleMs: 1_000, attemptMs: 2_000 },
    })
    const second = first.with({
      onReceipt: () => seen.push('second'),
      scope: undefined,
      timeouts: { idleMs: 5 },
    })
    const url = `${provider.baseURL}/chat/completions`
    await (await first(url, chat())).text()
    await (await second(url, chat())).text()
    expect(seen).toEqual(['first', 'second'])
    // The scope of the first copy holds for the second one, too.
    expect(provider.counts().calls).toBe(1)
    await (await harborFetch(url, chat())).text()
    expect(provider.counts().calls).toBe(2)
    expect(seen).toHaveLength(2)
  })

  it('applies its timeouts', async () => {
    const server = await serve(() => undefined)
    const harborFetch = harborFetchFor({ maxRetries: 0 })
    const receipts: Receipt[] = []
    const onReceipt = (receipt: Receipt): void => void receipts.push(receipt)
    const quick = harborFetch.with({ timeouts: { attemptMs: 30 } }).with({ onReceipt })
    await quick(`${server.baseURL}/chat/completions`, chat()).catch(() => undefined)
    expect(receipts[0]?.attempts[0]?.failure?.kind).toBe('timeout')
  })

  it.each<[object, string]>([
    [{ fallbacks: ['a'] }, 'Unknown option fallbacks. Did you mean fallback'],
    [{ timeouts: { idleMs: -1 } }, 'timeouts.idleMs must be'],
    [{ scope: '' }, 'scope must be'],
  ])('refuses %j', (given, message) => {
    const harborFetch = harborFetchFor()
    const make = (): unknown => harborFetch.with(given)
    expect(make).toThrow(OptionError)
    expect(make).toThrow(message)
  })
})

describe('an SDK that retries by itself over createHarborFetch', () => {
  it('causes one warning, which says what to set', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    onTestFinished(() => {
      emitWarning.mockRestore()
    })
    const harborFetch = harborFetchFor({ maxRetries: 0 })
    const gone = { apiKey: 'k', baseURL: 'http://127.0.0.1:1/v1', fetch: harborFetch }
    await failureOf(new OpenAI({ ...gone, maxRetries: 0 }).chat.completions.create(HELLO))
    expect(emitWarning).not.toHaveBeenCalled()
    for (let call = 0; call < 2; call++)
      await failureOf(new OpenAI({ ...gone, maxRetries: 1 }).chat.completions.create(HELLO))
    expect(emitWarning.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining('`maxRetries: 0`')])
  })
})

describe('the guard in a receipt', () => {
  it.each<[string, string, object, 'json' | 'stream' | 'none']>([
    ['a JSON answer', '/v1/chat/completions', HELLO, 'json'],
    ['a stream', '/v1/chat/completions', { ...HELLO, stream: true }, 'stream'],
    ['JSON of an unknown endpoint', '/v1/something', {}, 'none'],
    ['binary frames of Bedrock', '/model/m/invoke-with-response-stream', {}, 'none'],
    ['a JSON array of Gemini', '/v1beta/models/m:streamGenerateContent', {}, 'none'],
  ])('says how %s was checked', async (_, path, body, guard) => {
    const server = await serve(({ path }, response) => {
      if (path.includes('invoke')) {
        response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' }).end('\0\0')
      } else if (JSON.stringify(body).includes('stream')) {
        const choice = { index: 0, delta: { content: 'Hi' }, finish_reason: 'stop' }
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(`data: ${JSON.stringify({ choices: [choice] })}\n\ndata: [DONE]\n\n`)
      } else sendJson(response, CHAT_ANSWER)
    })
    const response = await harborFetchFor()(server.origin + path, chat(body))
    await response.arrayBuffer()
    expect(receiptOf(response)?.guard).toBe(guard)
  })

  it('is none for a JSON array that arrives in parts, each of which is passed on at once', async () => {
    const parts: ((part: string) => void)[] = []
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      parts.push(
        (part) => response.write(part),
        () => response.end(']'),
      )
      response.write('[{"a":1}')
    })
    const response = await harborFetchFor()(
      `${server.origin}/v1beta/models/m:streamGenerateContent`,
      chat({}),
    )
    const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toBe('[{"a":1}')
    parts[1]?.('')
    const second = await reader?.read()
    expect(new TextDecoder().decode(second?.value)).toBe(']')
  })
})
