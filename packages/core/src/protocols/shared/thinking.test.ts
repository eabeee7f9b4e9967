import { describe, expect, it } from 'vitest'
import { thinksByDefault } from './thinking.ts'

describe('thinksByDefault', () => {
  it.each([
    undefined,
    'gpt-5',
    'gpt-5.6',
    'gpt-6-astra',
    'o1',
    'o3-mini',
    'o4-mini-2025-04-16',
    'openai/gpt-5-mini',
    'gemini-2.5-pro',
    'gemini-2.5-flash',
    'models/gemini-3-flash-preview',
    'gemini-3-pro-image-preview',
    'gemini-flash-latest',
    'publishers/google/models/gemini-4-carbon',
    'claude-opus-5',
    'claude-sonnet-5-5',
    'claude-fable-5',
    'deepseek-reasoner',
    'deepseek-r1-distill-llama-70b',
    'qwen3-235b',
    'grok-4',
    'my-finetune',
    'GPT-5',
    'llama-3-thinking',
  ])('is true for a model that thinks by itself, and for one that is not known: %s', (model) => {
    expect(thinksByDefault(model)).toBe(true)
  })

  it.each([
    'gpt-4',
    'gpt-4o-mini',
    'gpt-4.1',
    'gpt-35-turbo',
    'openai/gpt-4o',
    'ft:gpt-4o:me',
    'gpt-5-chat-latest',
    'chatgpt-4o-latest',
    'claude-3-haiku-20240307',
    'claude-sonnet-4-6',
    'anthropic/claude-opus-4-8',
    'us.anthropic.claude-3-5-sonnet-20241022-v2:0',
    'gemini-1.5-pro',
    'models/gemini-2.0-flash',
    'gemini-2.5-flash-lite',
    'gemini-2.5-flash-image',
    'llama-3.3-70b-versatile',
  ])('is false for a model that thinks only if a request asks for it: %s', (model) => {
    expect(thinksByDefault(model)).toBe(false)
  })
})
