import { describe, expect, it, onTestFinished } from 'vitest'
import { Harbor, receiptOf } from '../src/index.ts'
import { events, scripted } from './helpers/sdk-versions.ts'

const ASK = {
  model: 'gpt-4',
  temperature: 0,
  messages: [{ role: 'user' as const, content: 'Count.' }],
  stream: true as const,
}

describe('a stream that is cached and shared', () => {
  it('reaches the caller whose call it is whole, however far it is behind the callers that share it', async () => {
    const words = Array.from({ length: 200 }, (_, place) => eventOf(`${place} `, null))
    const fetch = scripted(events([...words, eventOf('', 'stop'), 'data: [DONE]\n\n']))
    const harbor = new Harbor({ apiKey: 'key', fetch, cache: true, logLevel: 'off' })
    onTestFinished(() => harbor.close())
    const [own, shared] = await Promise.all([
      harbor.chat.completions.create(ASK),
      harbor.chat.completions.create(ASK),
    ])
    // Nothing of it is read until the other one has all.
    const others = await textsOf(shared)
    expect(others).toHaveLength(201)
    expect(await textsOf(own)).toEqual(others)
    expect(fetch.calls).toHaveLength(1)
    expect([own, shared].map((stream) => receiptOf(stream)?.cache?.status)).toEqual(['miss', 'shared'])
    expect(receiptOf(own)).toMatchObject({ outcome: 'success', finishReasons: ['stop'] })
  })

  it('gives each reader its own objects', async () => {
    const fetch = scripted(events([eventOf('one', null), eventOf('', 'stop')]))
    const harbor = new Harbor({ apiKey: 'key', fetch, cache: true, logLevel: 'off' })
    onTestFinished(() => harbor.close())
    const streams = await Promise.all([
      harbor.chat.completions.create(ASK),
      harbor.chat.completions.create(ASK),
    ])
    for (const stream of [...streams, await harbor.chat.completions.create(ASK)]) {
      const texts: unknown[] = []
      for await (const chunk of stream) {
        const [choice] = chunk.choices
        if (!choice) continue
        texts.push(choice.delta.content)
        choice.delta.content = 'changed by its reader'
      }
      expect(texts).toEqual(['one', ''])
    }
  })
})

function eventOf(content: string, finish: string | null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`
}

async function textsOf(
  stream: AsyncIterable<{ choices: { delta: { content?: string | null } }[] }>,
): Promise<unknown[]> {
  const texts: unknown[] = []
  for await (const { choices } of stream) texts.push(choices[0]?.delta.content)
  return texts
}
