import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { modelFetch } from '../../src/index.ts'
import { answering } from './client.ts'

const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).map((words) => `⟨${words}⟩`)
const textPart = text.map((content) => ({ type: 'text', text: content }))
const oddPart = fc.oneof(
  fc.record({ type: fc.string(), text }),
  fc.record({ type: fc.constant('image_url'), image_url: fc.record({ url: fc.string() }) }),
  fc.record({ type: fc.constant('text'), text, mood: fc.string() }),
)
const content = fc.oneof(
  text,
  fc.array(fc.oneof({ weight: 6, arbitrary: textPart }, oddPart), { minLength: 1, maxLength: 4 }),
)
const role = fc.constantFrom('system', 'developer', 'user', 'assistant')
const message = fc.record({ role, content }, { requiredKeys: ['role', 'content'] })
const oddMessage = fc.record(
  { role: fc.string(), content, extra: fc.jsonValue() },
  { requiredKeys: ['role', 'content'] },
)
const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.boolean(), fc.constant(null))
const FIELDS = [
  'n', 'logprobs', 'store', 'seed', 'stop', 'temperature', 'tools', 'tool_choice', 'response_format', 'user',
  'reasoning_effort', 'stream_options', 'audio', '__proto__', 'constructor', 'parallel_tool_calls',
] // prettier-ignore
const request = fc.record({
  messages: fc.array(fc.oneof({ weight: 8, arbitrary: message }, oddMessage), { minLength: 1, maxLength: 5 }),
  more: fc.array(fc.tuple(fc.oneof(fc.constantFrom(...FIELDS), fc.string()), value), { maxLength: 2 }),
})

/** All texts of messages, in their order. */
function textsIn(json: unknown): string[] {
  return [...JSON.stringify(json).matchAll(/⟨((?:[^⟩\\]|\\.)*)⟩/gs)].map(([found]) => found)
}

describe('any chat request', () => {
  it('reaches the model with the texts of its messages, or is refused with 400 before the model is called', async () => {
    const outcomes = { answered: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(request, async ({ messages, more }) => {
        const model = answering()
        const own = more.filter(([name]) => !['messages', 'model', 'stream'].includes(name))
        const fields = own.map(([name, field]) => `,${JSON.stringify(name)}:${JSON.stringify(field)}`)
        const body = `{"model":"m","messages":${JSON.stringify(messages)}${fields.join('')}}`
        const response = await modelFetch(() => model)('https://m.invalid/v1/chat/completions', {
          method: 'POST',
          body,
        })
        const [call] = model.doGenerateCalls
        if (response.status === 200) {
          outcomes.answered++
          expect(textsIn(call?.prompt)).toEqual(textsIn(messages))
          return
        }
        outcomes.refused++
        expect(response.status).toBe(400)
        expect(call).toBeUndefined()
        const answer = await response.text()
        expect(answer).toMatch(/"code":"(unsupported_by_model|invalid_request)"/)
        expect(textsIn(answer)).toEqual([])
      }),
      { numRuns: 1_000 },
    )
    expect(outcomes.answered).toBeGreaterThan(100)
    expect(outcomes.refused).toBeGreaterThan(100)
  })
})
