import type { LanguageModelV4Prompt } from '@ai-sdk/provider'

/** The maximum number of conversations whose target is remembered. The least recently used one is forgotten first. */
const MAX_CONVERSATIONS = 10_000
/** The maximum length of a key, in characters. A longer key, such as a very long tool call id, is not stored. */
const MAX_KEY_LENGTH = 256

/** Remembers which target answered last in a conversation, by session or by the id of a tool call. */
export class RememberedTargets {
  readonly #targets = new Map<string, string>()

  get size(): number {
    return this.#targets.size
  }

  /** Returns the name of the target that was remembered for one of these keys. The last key that is known decides. */
  find(keys: readonly string[]): string | undefined {
    return keys.map((key) => this.#targets.get(key)).findLast((target) => target !== undefined)
  }

  remember(keys: readonly string[], target: string): void {
    for (const key of keys) {
      if (key.length > MAX_KEY_LENGTH) continue
      this.#targets.delete(key)
      this.#targets.set(key, target)
    }
    for (const key of this.#targets.keys()) {
      if (this.#targets.size <= MAX_CONVERSATIONS) return
      this.#targets.delete(key)
    }
  }

  clear(): void {
    this.#targets.clear()
  }
}

/** The maximum number of tool calls of a prompt that are looked up: those of the last step. */
const MAX_TOOL_CALLS = 128

/**
 * Returns the keys under which the target of a conversation is remembered: the ids of the tool calls in the last assistant message, and the
 * session, which comes last and so takes precedence.
 */
export function conversationKeys(
  prompt: LanguageModelV4Prompt,
  session: string | undefined,
): readonly string[] {
  const last = prompt.findLast((message) => message.role === 'assistant')
  const keys = (last?.content ?? [])
    .slice(-MAX_TOOL_CALLS)
    .flatMap((part) => (part.type === 'tool-call' ? [keyOfToolCall(part.toolCallId)] : []))
  return session === undefined ? keys : [...keys, `session:${session}`]
}

export function keyOfToolCall(id: string): string {
  return `call:${id}`
}
