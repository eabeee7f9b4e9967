import type { Exchange } from '../call/exchange.ts'

/** Whether a request of an endpoint that Harbor does not know asks for a stream: in its body, its form or its url. */
export function asksForStream({ streaming, url, init: { body } }: Exchange): boolean {
  if (streaming || /[?&]stream=(?:true|1)\b/.test(url)) return true
  return body instanceof FormData && body.get('stream') === 'true'
}
