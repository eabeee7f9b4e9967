import type { Answer, Exchange } from './exchange.ts'

/** Interim: the body of an answer as it is. */
export function lastResortAnswer(_exchange: Exchange, value: unknown): Answer {
  const headers = new Headers({ 'content-type': 'application/json', 'x-harbor-degraded': 'true' })
  return {
    status: 200,
    statusText: 'OK',
    headers,
    url: '',
    body: { kind: 'text', text: JSON.stringify(value) },
  }
}
