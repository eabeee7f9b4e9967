import { Agent, request } from 'undici'
import type { Open } from './subject.ts'

/** The floor of every call: one request to a provider by nothing but undici, and its answer read. */
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

/** It as one who is compared. @param ask makes what is asked */
export function byWire(kind: 'json' | 'stream', ask: () => object): Open {
  return (baseURL) => {
    const wire = openWire(baseURL)
    return () => wire[kind](ask())
  }
}
