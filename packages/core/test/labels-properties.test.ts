import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { perCall, type Harbor, type Labels } from '../src/index.ts'
import { harborFor } from './helpers/harbor-for.ts'
import { sendJson, serve, type TestServer } from './helpers/http-server.ts'

/** A server each of whose answers contains its own number, so that callers with the same number shared one answer. */
function serveNumbers(): Promise<TestServer> {
  let answers = 0
  return serve(({ body }, response) => {
    const number = ++answers
    const { input, stream } = JSON.parse(body) as { input?: unknown; stream?: boolean }
    setTimeout(() => {
      if (input !== undefined) sendJson(response, embeddings([input].flat(), number))
      else if (stream) response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events(number))
      else sendJson(response, chat({ message: { role: 'assistant', content: String(number) } }))
    }, 1)
  })
}

const chat = (choice: object): object => ({
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, finish_reason: 'stop', ...choice }],
})
const events = (number: number): string =>
  `data: ${JSON.stringify(chat({ delta: { role: 'assistant', content: String(number) } }))}\n\ndata: [DONE]\n\n`
const embeddings = (inputs: readonly unknown[], number: number): object => ({
  object: 'list',
  data: inputs.map((_, index) => ({ object: 'embedding', index, embedding: [number] })),
  usage: { prompt_tokens: inputs.length, total_tokens: inputs.length },
})

interface Asked {
  readonly tenant: string | undefined
  readonly kind: 'json' | 'stream' | 'embedding'
  readonly question: number
  readonly session: string
}

/** Returns the number of the answer that a call gets. */
async function numberFor(harbor: Harbor, { tenant, kind, question, session }: Asked): Promise<number> {
  const labels: Labels = { feature: `f${question}`, ...(tenant !== undefined && { tenant }) }
  const options = perCall({ labels, session })
  const messages = [{ role: 'user' as const, content: `question ${question}` }]
  const request = { model: 'gpt-4', temperature: 0, messages }
  if (kind === 'embedding') {
    const body = { model: 'e', input: `question ${question}`, encoding_format: 'float' } as const
    return (await harbor.embeddings.create(body, options)).data[0]?.embedding[0] ?? 0
  }
  if (kind === 'json') {
    const { choices } = await harbor.chat.completions.create(request, options)
    return Number(choices[0]?.message.content)
  }
  const stream = await harbor.chat.completions.create({ ...request, stream: true }, options)
  let text = ''
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
  return Number(text)
}

const asked: fc.Arbitrary<Asked> = fc.record({
  tenant: fc.constantFrom(undefined, '', 'a', 'b', 'c'),
  kind: fc.constantFrom('json' as const, 'stream' as const, 'embedding' as const),
  question: fc.integer({ min: 0, max: 2 }),
  session: fc.constantFrom('one', 'two'),
})

describe('two calls with different values of a label in cache.scopeBy', () => {
  it('never share an answer: in the cache, in flight, prefetched or in a batch', async () => {
    const server = await serveNumbers()
    let shared = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(asked, { minLength: 1, maxLength: 8 }), { maxLength: 4 }),
        async (rounds) => {
          const harbor = harborFor(server, {
            cache: { scopeBy: ['tenant'] },
            embeddingBatch: true,
            prefetch: { minConfidence: 0.1 },
          })
          const tenantOf = new Map<number, string | undefined>()
          for (const calls of rounds) {
            const numbers = await Promise.all(calls.map((call) => numberFor(harbor, call)))
            for (const [place, number] of numbers.entries()) {
              const tenant = calls[place]?.tenant
              if (tenantOf.has(number)) {
                shared++
                expect(tenantOf.get(number)).toBe(tenant)
              } else tenantOf.set(number, tenant)
            }
          }
        },
      ),
      { numRuns: 60 },
    )
    expect(shared).toBeGreaterThan(20)
  })
})
