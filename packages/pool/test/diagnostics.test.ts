import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startPool } from './pool.ts'
import { echo, startServer, until, type Echoed } from './server.ts'

interface Published {
  request: { origin: string; method: string; path: string; addHeader(name: string, value: string): void }
  response?: { statusCode: number }
  error?: Error
}

function listen(channel: string, listener: (published: Published) => void): void {
  const onMessage = (message: unknown): void => listener(message as Published)
  subscribe(channel, onMessage)
  onTestFinished(() => void unsubscribe(channel, onMessage))
}

describe('a diagnostics_channel', () => {
  it("receives every request under undici's own names, so that tracing tools see them", async () => {
    const { url } = await startServer((request, response) =>
      request.url === '/cut' ? request.socket.destroy() : echo(request, response),
    )
    const heard: string[] = []
    for (const name of [
      'undici:request:create',
      'undici:client:sendHeaders',
      'undici:request:headers',
      'undici:request:trailers',
      'undici:request:error',
    ])
      listen(name, ({ request, response }) => {
        expect(request.origin).toBe(url)
        heard.push([name, request.method, request.path, response?.statusCode ?? ''].join(' ').trim())
      })
    const { fetch } = startPool({ staleSocketRetry: false })
    await (await fetch(`${url}/whole?a=1`, { method: 'POST', body: 'x' })).text()
    await until(() => heard.length === 4)
    await expect(fetch(`${url}/cut`)).rejects.toThrow('fetch failed')
    expect(heard).toEqual([
      'undici:request:create POST /whole?a=1',
      'undici:client:sendHeaders POST /whole?a=1',
      'undici:request:headers POST /whole?a=1 200',
      'undici:request:trailers POST /whole?a=1',
      'undici:request:create GET /cut',
      'undici:client:sendHeaders GET /cut',
      'undici:request:error GET /cut',
    ])
  })

  it('lets a tool add a header to a request, as OpenTelemetry does with traceparent', async () => {
    const { url } = await startServer(echo)
    listen('undici:request:create', ({ request }) => request.addHeader('traceparent', '00-1-2-01'))
    const response = await startPool().fetch(url, { headers: { accept: 'a/b' } })
    const { headers } = (await response.json()) as Echoed
    expect(headers).toMatchObject({ accept: 'a/b', traceparent: '00-1-2-01' })
  })
})
