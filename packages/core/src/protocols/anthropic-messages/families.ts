/**
 * The families whose models share rate limits at Anthropic, by the beginning of their names: https://platform.claude.com/docs/en/api/rate-limits.
 * Every other model has limits of its own.
 */
const FAMILIES = /^claude-(?:opus-4|sonnet-4|fable-5)(?=-|$)/
/** What comes before the model's name at Amazon Bedrock and at routers: `us.anthropic.`, `anthropic/`. */
const PREFIX = /^(?:[a-z-]+\.)?anthropic[./]/
/** The date of a version, and what Amazon Bedrock and Vertex AI add to it: `-20250929-v1:0`, `@20250929`, `-latest`. */
const VERSION = /(?:[-@](?:\d{8}|latest|default))?(?:-v\d+(?::\d+)?)?(?:@[\w.-]+)?$/

/** The name under which a model shares rate limits with others: that of its family, or its own without the date of its version. */
export function familyOf(model: string): string {
  const name = model.replace(PREFIX, '').replace(VERSION, '')
  if (!name.startsWith('claude-')) return model
  return FAMILIES.exec(name)?.[0] ?? name
}
