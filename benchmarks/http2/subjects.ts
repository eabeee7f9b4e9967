import { createPool } from '@harbor/pool'
import { Agent, request } from 'undici'
import { group, type Call, type Group, type Open } from '../subject.ts'
import { CA } from './tls-provider.ts'

/** The requests that are made at once. */
export const AT_ONCE = 256
const HTTP1 = 'undici, HTTP/1.1'
const HTTP2 = 'undici, HTTP/2'
const HTTP2_ONE = 'undici, HTTP/2, one connection'
const POOL = '`pool.fetch`, HTTP/1.1'

type Connect = () => Requests

/** Makes requests over connections of its own. */
interface Requests {
  readonly send: (baseURL: string, body: string) => Promise<AsyncIterable<unknown> | null>
  readonly close: () => Promise<void>
}

const headers = { 'content-type': 'application/json', authorization: 'Bearer key' }

function byUndici(options: Agent.Options): Connect {
  return () => {
    const dispatcher = new Agent({ ...options, connect: { ca: CA } })
    return {
      send: async (url, body) => (await request(url, { method: 'POST', headers, body, dispatcher })).body,
      close: () => dispatcher.close(),
    }
  }
}

const connects: Readonly<Record<string, Connect>> = {
  [HTTP1]: byUndici({ connections: AT_ONCE, allowH2: false }),
  [HTTP2]: byUndici({ connections: 4, allowH2: true, h2Options: { maxConcurrentStreams: AT_ONCE } }),
  [HTTP2_ONE]: byUndici({ connections: 1, allowH2: true, h2Options: { maxConcurrentStreams: AT_ONCE } }),
  [POOL]: () => {
    const pool = createPool({ connections: AT_ONCE, tls: { ca: CA } })
    return {
      send: async (url, body) => (await pool.fetch(url, { method: 'POST', headers, body })).chunks(),
      close: () => pool.close(),
    }
  },
}

/** One request after the other, over connections that are open. */
export const json = group(import.meta.filename, 'json', warm(false))
export const sse = group(import.meta.filename, 'sse', warm(true))
/** In each call, 256 requests at once over new connections. */
export const coldJson = group(import.meta.filename, 'coldJson', cold(false))
export const coldSse = group(import.meta.filename, 'coldSse', cold(true))

function warm(stream: boolean): Group['subjects'] {
  return openEach((baseURL, connect) => {
    const requests = connect()
    return () => read(requests, baseURL, stream)
  })
}

function cold(stream: boolean): Group['subjects'] {
  return openEach((baseURL, connect) => async () => {
    const requests = connect()
    await Promise.all(Array.from({ length: AT_ONCE }, () => read(requests, baseURL, stream)))
    await requests.close()
  })
}

function openEach(open: (baseURL: string, connect: Connect) => Call): Group['subjects'] {
  return Object.fromEntries(
    Object.entries(connects).map(([name, connect]): [string, Open] => [name, (url) => open(url, connect)]),
  )
}

async function read({ send }: Requests, baseURL: string, stream: boolean): Promise<void> {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Say something.' }], stream })
  let chunks = 0
  for await (const _chunk of (await send(`${baseURL}/chat/completions`, body)) ?? []) chunks++
  if (chunks === 0) throw new Error('an answer without a body')
}
