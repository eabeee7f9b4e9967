import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../base/json.ts'
import { lackOf } from './capabilities.ts'
import type { Capability, Target } from '../reporting/target.ts'

function capable(...capabilities: Capability[]): Target {
  return { name: 'backup/gpt-4', capabilities } as unknown as Target
}

const NEEDS: readonly [Capability, JsonBody][] = [
  ['tools', { tools: [{ type: 'function' }] }],
  ['vision', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] }],
  ['vision', { input: [{ role: 'user', content: [{ type: 'input_image', image_url: 'data:' }] }] }],
  ['audio', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
  ['audio', { modalities: ['text', 'audio'] }],
  ['json', { response_format: { type: 'json_object' } }],
  ['json', { response_format: { type: 'json_schema', json_schema: {} } }],
  ['json', { text: { format: { type: 'json_schema' } } }],
]

describe('what a target lacks', () => {
  it.each(NEEDS)('is %s for %j', (need, json) => {
    expect(lackOf(capable('stream'), { json, streaming: true })).toBe(
      `it is not said to be capable of ${need}`,
    )
    expect(lackOf(capable('stream', need), { json, streaming: true })).toBeUndefined()
  })

  it('is streams, when the request asks for one', () => {
    expect(lackOf(capable(), { json: {}, streaming: true })).toContain('stream')
    expect(lackOf(capable(), { json: {}, streaming: false })).toBeUndefined()
  })

  it('is nothing for a request of words alone, or when nothing is said of its capabilities', () => {
    const words = {
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [],
      response_format: { type: 'text' },
    }
    expect(lackOf(capable(), { json: words, streaming: false })).toBeUndefined()
    const untold = { name: 'openai/gpt-4' } as unknown as Target
    expect(lackOf(untold, { json: { tools: [{}] }, streaming: true })).toBeUndefined()
  })
})
