import * as highest from 'openai'
import { VERSION } from 'openai/version'
import * as lowest from 'openai-lowest'
import { VERSION as LOWEST_VERSION } from 'openai-lowest/version'

export type Sdk = typeof highest

/**
 * The two ends of the range of `openai` that Harbor supports. The lowest is 7.6.0: before it, the SDK passed an `event: error` of a
 * Responses stream on like any other event, so a broken stream looked complete.
 */
export const SDKS: readonly { readonly version: string; readonly sdk: Sdk }[] = [
  { version: LOWEST_VERSION, sdk: lowest as unknown as Sdk },
  { version: VERSION, sdk: highest },
]

/** A `fetch` with scripted answers: each call gets the next one, and all later calls the last one. */
export interface ScriptedFetch {
  (this: unknown, url: string | URL | Request, init?: RequestInit): Promise<Response>
  readonly calls: { readonly self: unknown; readonly url: unknown; readonly init: RequestInit }[]
}

export function scripted(...answers: ((init: RequestInit) => Response | Promise<Response>)[]): ScriptedFetch {
  const calls: ScriptedFetch['calls'] = []
  async function scriptedFetch(
    this: unknown,
    url: string | URL | Request,
    init: RequestInit = {},
  ): Promise<Response> {
    const answer = answers[Math.min(calls.length, answers.length - 1)]
    calls.push({ self: this, url, init })
    if (!answer) throw new Error('No answer was scripted.')
    return answer(init)
  }
  return Object.assign(scriptedFetch, { calls })
}

/** The SDK itself, without Harbor. */
export function bareClient(
  sdk: Sdk,
  fetch: ScriptedFetch,
  options: highest.ClientOptions = {},
): highest.OpenAI {
  return new sdk.OpenAI({ apiKey: 'test-key', maxRetries: 0, logLevel: 'off', ...options, fetch })
}

export const REQUEST = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Say hello.' }] }

export const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4',
  choices: [
    { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: '{"greeting":"Hello."}' } },
  ],
}

export function json(body: unknown, init: ResponseInit = {}): () => Response {
  return () => Response.json(body, init)
}

/** An error in the form that providers send. */
export function refusal(status: number, code: string, headers: Record<string, string> = {}): () => Response {
  return json({ error: { message: 'No.', type: 'some_error', code } }, { status, headers })
}

export const CHUNK = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'Hello.' } }] })}\n\n`

/** A stream of server-sent events, sent one by one. `onCancel` is called when the reader cancels the body. */
export function events(
  parts: Iterable<string> | AsyncIterable<string>,
  onCancel: (reason: unknown) => void = () => undefined,
): () => Response {
  return () => {
    const iterator: AsyncIterator<string> | Iterator<string> =
      Symbol.asyncIterator in parts ? parts[Symbol.asyncIterator]() : parts[Symbol.iterator]()
    const encoder = new TextEncoder()
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next: IteratorResult<string> = await iterator.next()
        if (next.done === true) controller.close()
        else controller.enqueue(encoder.encode(next.value))
      },
      cancel: onCancel,
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = []
  for await (const item of items) collected.push(item)
  return collected
}

/** What a promise rejects with; undefined when it does not. */
export function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
