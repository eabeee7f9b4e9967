import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createHarborFetch, receiptOf, type HarborEvents } from '../src/index.ts'
import {
  ask,
  clientOf,
  CONTENT,
  END,
  errorOf,
  expectClosed,
  holding,
  LATER,
  until,
} from './helpers/closing.ts'
import { CHAT_ANSWER, sendJson, serve } from './helpers/http-server.ts'

describe('close() with requests in flight', () => {
  it('awaits requests that wait for a connection of the pool', async () => {
    const { baseURL, open, answerAll } = await holding()
    const harbor = clientOf(baseURL, { pool: { connections: 1 } })
    const calls = [1, 2].map(() => harbor.chat.completions.create(ask()))
    await until(() => open.length === 1)
    const closed = harbor.close()
    answerAll()
    await until(() => open.length === 1)
    answerAll()
    expect(await Promise.all(calls)).toHaveLength(2)
    await closed
  })

  it('awaits a request that was sent, and does not send its hedge', async () => {
    const backup = await serve((_, response) => sendJson(response, CHAT_ANSWER))
    const { baseURL, open, answerAll } = await holding()
    const harbor = clientOf(baseURL, {
      providers: { backup: { apiKey: 'key', baseURL: backup.baseURL } },
      fallback: ['backup/gpt-4'],
      hedge: { afterMs: 50 },
    })
    const call = harbor.chat.completions.create(ask())
    await until(() => open.length === 1)
    const closed = harbor.close()
    await new Promise((resolve) => setTimeout(resolve, 100))
    answerAll()
    expect(receiptOf(await call)?.target).toBe('openai/gpt-4')
    await closed
    expect(backup.requests).toHaveLength(0)
  })

  it('returns the answer to a request that was sent, also an error that is not retried', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL)
    const call = errorOf(harbor.chat.completions.create(ask()))
    await until(() => open.length === 1)
    const closed = harbor.close()
    sendJson(open[0] as ServerResponse, { error: { message: 'no such thing' } }, 400)
    expect(await call).toMatchObject({ status: 400 })
    await closed
  })

  it('awaits streams that are being read', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL)
    const opening = harbor.chat.completions.create({ ...ask(), stream: true })
    await until(() => open.length === 1)
    const [response] = open as [ServerResponse]
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    const stream = await opening
    let isClosed = false
    const closed = harbor.close().then(() => (isClosed = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isClosed).toBe(false)
    response.end(END)
    const chunks: unknown[] = []
    for await (const chunk of stream) chunks.push(chunk)
    expect(chunks).toHaveLength(2)
    await closed
  })

  it('aborts requests on the wire after graceMs, with an error that says so', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL, { retry: LATER })
    const opened: HarborEvents['breaker'][] = []
    harbor.on('breaker', (event) => opened.push(event))
    const call = errorOf(harbor.chat.completions.create(ask()))
    const opening = harbor.chat.completions.create({ ...ask(), stream: true })
    await until(() => open.length === 2)
    open[1]?.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    open[0]?.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    const stream = await opening
    await harbor.close({ graceMs: 30 })
    const error = await call
    expectClosed(error)
    expect(error.message).toContain('graceMs')
    expect(receiptOf(error)).toMatchObject({
      possiblyBilled: 1,
      attempts: [{ failure: { kind: 'aborted' } }],
    })
    const chunks: unknown[] = []
    const cut = await errorOf(
      (async () => {
        for await (const chunk of stream) chunks.push(chunk)
      })(),
    )
    expect(chunks).toHaveLength(1)
    expect(cut).toMatchObject({ code: 'client_closed' })
    expect(cut.message).toContain('This client is closed')
    expect(opened).toEqual([])
    expect(harbor.stats()).toMatchObject({ failures: {}, availability: 1 })
  })

  it('reports the abort in band to a reader that waits for the next event', async () => {
    const { baseURL } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(CONTENT)
    })
    const fetch = createHarborFetch({ logLevel: 'off' })
    const response = await fetch(`${baseURL}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...ask(), stream: true }),
    })
    const reading = response.text()
    await fetch.close({ graceMs: 20 })
    const text = await reading
    expect(text.startsWith(CONTENT)).toBe(true)
    expect(text).toContain('"code":"client_closed"')
  })

  it('awaits a file that is being read, and does not await one that is not', async () => {
    const { baseURL, open } = await holding()
    const harbor = clientOf(baseURL)
    const opening = [harbor.files.content('file_1'), harbor.files.content('file_2')] as const
    await until(() => open.length === 2)
    const [one, other] = open as [ServerResponse, ServerResponse]
    one.writeHead(200, { 'content-type': 'application/octet-stream' }).write('begin ')
    other.writeHead(200, { 'content-type': 'application/octet-stream' }).end('unread')
    const [file] = await Promise.all(opening)
    const reading = file.text()
    let isClosed = false
    const closed = harbor.close().then(() => (isClosed = true))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(isClosed).toBe(false)
    one.end('end')
    expect(await reading).toBe('begin end')
    await closed
  })

  it('aborts a file that is still being read after graceMs', async () => {
    const { baseURL } = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('begin ')
    })
    const harbor = clientOf(baseURL)
    const reading = (await harbor.files.content('file_1')).text()
    const error = errorOf(reading)
    await harbor.close({ graceMs: 20 })
    expect(await error).toMatchObject({ code: 'client_closed' })
  })

  it('ends also with a fetch that ignores its signal', async () => {
    const harbor = clientOf('https://a.test/v1', { fetch: () => new Promise(() => undefined) })
    const call = errorOf(harbor.chat.completions.create(ask()))
    await new Promise((resolve) => setTimeout(resolve, 5))
    await harbor.close({ graceMs: 10 })
    expectClosed(await call)
  })
})
