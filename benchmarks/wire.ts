import { Agent, request } from 'undici'
import type { Open } from './subject.ts'

/** The minimum of every call: one request to a provider with undici alone, and its answer read. */
export function openWire(baseURL: string): {
  /** @returns the body */
  json(body: object): Promise<string>
  /** Reads all chunks. */
  stream(body: object): Promise<void>
  close(): Promise<void>
} {
  const dispatcher = new Agent({ connections: 256, allowH2: false })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer key' }
  const ask = (body: object) =>
    request(`${baseURL}/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      dispatcher,
    })
  return {
    json: async (body) => (await ask(body)).body.text(),
    stream: async (body) => {
      for await (const chunk of (await ask({ ...body, stream: true })).body) if (chunk === undefined) return
    },
    close: () => dispatcher.close(),
  }
}

/** The wire as a subject. @param ask returns the body of the request */
export function byWire(kind: 'json' | 'stream', ask: () => object): Open {
  return (baseURL) => {
    const wire = openWire(baseURL)
    return () => wire[kind](ask())
  }
}
