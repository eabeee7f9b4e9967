/**
 * The tokens that a model is assumed to think if the request leaves their number to the model. It is the maximum that Vertex names for
 * Gemini 2.5: https://cloud.google.com/vertex-ai/generative-ai/docs/thinking
 */
export const DYNAMIC_THINKING_TOKENS = 8_192

/**
 * The models that think only if a request asks for it, or never. Any other model may think by itself. The names follow the beginning of the
 * name or one of the separators in the names of gateways.
 */
const NEVER_BY_DEFAULT = new RegExp(
  '(?:^|[/:.~])(?:' +
    [
      'ada|babbage|curie|davinci|text-|chatgpt-4|ft:gpt-[34]|gpt-[34]|gpt-35|gpt-5[\\w.]*-chat|gpt-audio|gpt-realtime',
      'claude-(?:v?[123]|instant|opus-4|sonnet-4|haiku-[34]|4)',
      'gemini-(?:pro|1|2\\.0|embedding|2\\.5-flash-(?:lite|image)|[\\w.-]*-tts|flash-1)|gemma-?[123]',
      'llama-?[1-4]|meta-llama|mistral-|mixtral|codestral|command-',
    ].join('|') +
    ')',
  'i',
)
/** The models of these families that think although the family does not. */
const THINKING_VARIANT = /think|reason|\br1\b/i

/** What was found for the latest models. The search is expensive, each call needs it, and a process calls few models. */
const found = new Map<string, boolean>()
const MAX_FOUND = 100

/** Whether a model may think for a request that does not mention thinking. True for a model that Harbor does not know. */
export function thinksByDefault(model = ''): boolean {
  if (!found.has(model)) {
    if (found.size >= MAX_FOUND) found.clear()
    found.set(model, THINKING_VARIANT.test(model) || !NEVER_BY_DEFAULT.test(model))
  }
  return found.get(model) === true
}
