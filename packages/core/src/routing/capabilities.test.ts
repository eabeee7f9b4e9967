import { describe, expect, it } from 'vitest'
import type { JsonBody } from '../base/json.ts'
import { operationOfBody } from '../protocols/registry.ts'
import { missingCapability } from './capabilities.ts'
import type { Capability, Target } from '../reporting/target.ts'

function capable(...capabilities: Capability[]): Target {
  return { name: 'backup/gpt-4', capabilities } as unknown as Target
}

function requestOf(json: JsonBody, streaming: boolean): Parameters<typeof missingCapability>[1] {
  return { operation: operationOfBody(json), json, streaming }
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

describe('the capability that a target lacks', () => {
  it.each(NEEDS)('is %s for %j', (need, json) => {
    expect(missingCapability(capable('stream'), requestOf(json, true))).toBe(
      `it is not said to be capable of ${need}`,
    )
    expect(missingCapability(capable('stream', need), requestOf(json, true))).toBeUndefined()
  })

  it('is stream for a request with stream: true', () => {
    expect(missingCapability(capable(), requestOf({}, true))).toContain('stream')
    expect(missingCapability(capable(), requestOf({}, false))).toBeUndefined()
  })

  it('is undefined for a request of text only, or when its capabilities are not configured', () => {
    const words = {
      messages: [{ role: 'user', content: 'Hi' }],
      tools: [],
      response_format: { type: 'text' },
    }
    expect(missingCapability(capable(), requestOf(words, false))).toBeUndefined()
    const untold = { name: 'openai/gpt-4' } as unknown as Target
    expect(missingCapability(untold, requestOf({ tools: [{}] }, true))).toBeUndefined()
  })
})
