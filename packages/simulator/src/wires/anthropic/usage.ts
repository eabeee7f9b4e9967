import { asString } from '../../answers/json.ts'
import type { Question } from '../wire.ts'
import { cachedTokens } from './prompt-cache.ts'

/**
 * Returns the usage of a message for three places: a JSON answer, and the events `message_start` and `message_delta`.
 */
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
    /** The usage in a JSON answer. */
    final: { ...whole(tokens.output), ...details },
    /** The usage in `message_start`, which counts the first output token already. */
    first: whole(Math.min(1, tokens.output)),
    /** The usage in `message_delta`, which counts all tokens of the message. */
    delta: { ...input, output_tokens: tokens.output, ...details },
  }
}
