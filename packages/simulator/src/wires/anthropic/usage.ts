import { asString } from '../../answers/json.ts'
import type { Question } from '../wire.ts'
import { cachedTokens } from './prompt-cache.ts'

/** The usage of a message: at its start with the first output tokens, and at its end. */
export function usageOf(question: Question, tokens: { input: number; output: number; thinking: number }) {
  const { body, script } = question
  const { read, written } = cachedTokens(body, tokens.input, script.cachedShare ?? 0)
  const writtenTokens = written['5m'] + written['1h']
  const input = {
    input_tokens: tokens.input - read - writtenTokens,
    cache_creation_input_tokens: writtenTokens,
    cache_read_input_tokens: read,
  }
  const details = tokens.thinking > 0 && { output_tokens_details: { thinking_tokens: tokens.thinking } }
  const whole = (output: number) => ({
    ...input,
    cache_creation: {
      ephemeral_5m_input_tokens: written['5m'],
      ephemeral_1h_input_tokens: written['1h'],
    },
    output_tokens: output,
    service_tier: script.servedTier ?? 'standard',
    inference_geo: asString(body['inference_geo']) || 'not_available',
    ...(typeof body['speed'] === 'string' && { speed: body['speed'] }),
  })
  return {
    /** Of a JSON answer. */
    final: { ...whole(tokens.output), ...details },
    /** Of `message_start`: the first token is counted already. */
    first: whole(Math.min(1, tokens.output)),
    /** Of `message_delta`: cumulative. */
    delta: { ...input, output_tokens: tokens.output, ...details },
  }
}
