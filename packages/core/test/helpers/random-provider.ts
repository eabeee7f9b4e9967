import fc from 'fast-check'
import { perCall, type Harbor, type Labels } from '../../src/index.ts'
import { HELLO } from './harbor-for.ts'
import { CHAT_ANSWER } from './http-server.ts'

const encoder = new TextEncoder()
const event = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`

/** How the provider treats the next request; each is as likely as the others. */
export const BEHAVIOURS = ['answer', 'busy', 'refuse', 'hang', 'cut', 'stall', 'broken', 'slow'] as const

/** A provider in this process. It is chosen at random how it treats each request. */
export function randomFetch(next: () => (typeof BEHAVIOURS)[number]): typeof globalThis.fetch {
  return async (_, init = {}) => {
    const { signal } = init
    const behaviour = next()
    const aborted = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error))
    })
    aborted.catch(() => undefined)
    await Promise.resolve()
    signal?.throwIfAborted()
    if (behaviour === 'hang') return aborted
    if (behaviour === 'refuse') throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
    if (behaviour === 'busy') return new Response('busy', { status: 503 })
    if (behaviour === 'broken') return new Response('<html>')
    if (behaviour === 'slow') await Promise.race([aborted, new Promise((resolve) => setTimeout(resolve, 3))])
    const { stream, input } = JSON.parse(init.body as string) as { stream?: boolean; input?: unknown }
    if (input !== undefined) return Response.json(embeddings([input].flat().length))
    if (!stream)
      return Response.json({
        ...CHAT_ANSWER,
        usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
      })
    return new Response(streamOf(behaviour, aborted), { headers: { 'content-type': 'text/event-stream' } })
  }
}

const embeddings = (count: number): object => ({
  object: 'list',
  data: Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding: [1] })),
  usage: { prompt_tokens: 7 * count + 3, total_tokens: 7 * count + 3 },
})

async function* streamOf(behaviour: string, aborted: Promise<never>): AsyncGenerator<Uint8Array> {
  yield encoder.encode(event({ role: 'assistant', content: 'Hello' }))
  yield encoder.encode(event({ content: ' there' }))
  if (behaviour === 'cut') throw Object.assign(new Error('reset'), { code: 'ECONNRESET' })
  if (behaviour === 'stall') await aborted
  yield encoder.encode(`${event({}, 'stop')}data: [DONE]\n\n`)
}

/** A call of a random kind, whose caller may leave early or not read a stream. */
export const randomCall = fc.record({
  kind: fc.constantFrom('json', 'stream', 'embedding'),
  /** How long the caller waits before it leaves, in milliseconds; undefined if it stays. */
  leavesAfter: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined, freq: 2 }),
  reads: fc.constantFrom('all', 'one', 'nothing'),
  question: fc.integer({ min: 0, max: 400 }),
})
export type RandomCall = typeof randomCall extends fc.Arbitrary<infer T> ? T : never

/** Makes a call. Most of these calls fail. */
export async function make(
  harbor: Harbor,
  { kind, leavesAfter, reads, question }: RandomCall,
  labels: Labels = {},
): Promise<void> {
  const controller = new AbortController()
  if (leavesAfter !== undefined) setTimeout(() => controller.abort(), leavesAfter)
  const options = { ...perCall({ labels, timeouts: { attemptMs: 8, idleMs: 8 } }), signal: controller.signal }
  const request = { ...HELLO, temperature: 0, seed: question }
  try {
    if (kind === 'embedding') await harbor.embeddings.create({ model: 'e', input: `t${question}` }, options)
    else if (kind === 'json') await harbor.chat.completions.create(request, options)
    else {
      const stream = await harbor.chat.completions.create({ ...request, stream: true }, options)
      if (reads === 'nothing') return
      for await (const _chunk of stream) if (reads === 'one') break
    }
  } catch {
    // The failure is on the receipt.
  }
}
