import type { ServerResponse } from 'node:http'

/**
 * Answers with an error of the recorder or replay itself. The SDKs of OpenAI, Anthropic and Google show its message, and do not repeat the
 * call.
 */
export function plainError(response: ServerResponse, status: number, message: string): void {
  const error = { type: 'harbor_simulator', code: status, status: 'HARBOR_SIMULATOR', message, param: null }
  const body = JSON.stringify({ type: 'error', error })
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-should-retry': 'false',
  })
  response.end(body)
}
