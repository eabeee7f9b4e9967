import type { LanguageModelV4Message, LanguageModelV4Prompt } from '@ai-sdk/provider'

/** The maximum number of conversations whose target is remembered. The least recently used one is forgotten first. */
const MAX_CONVERSATIONS = 10_000
/** The maximum length of a key, in characters. A longer key, such as a very long tool call id, is not stored. */
const MAX_KEY_LENGTH = 256

/** Remembers which target answered last in a conversation, by session, or by the ids of its tool calls and items. */
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

const CALL = 'call:'
/** The maximum number of parts of a message that are looked up: the last ones. */
const MAX_PARTS = 128

/**
 * Returns the keys under which the target of a conversation is remembered: the ids of the tool calls in the last assistant message, and the
 * session, which comes last and so takes precedence.
 */
export function conversationKeys(
  prompt: LanguageModelV4Prompt,
  session: string | undefined,
): readonly string[] {
  const last = prompt.findLast((message) => message.role === 'assistant')
  const keys = last ? keysOfMessage(last).filter((key) => key.startsWith(CALL)) : []
  return session === undefined ? keys : [...keys, `session:${session}`]
}

/** Returns the keys of the tool calls and the items in a message. */
export function keysOfMessage({ content }: LanguageModelV4Message): readonly string[] {
  return typeof content === 'string' ? [] : content.slice(-MAX_PARTS).flatMap(keysOfPart)
}

/** Returns the keys of a part of a prompt, an answer or a stream: the id of its tool call, and the id under which a vendor stores it. */
export function keysOfPart(part: PartFacts): readonly string[] {
  const keys = part.type === 'tool-call' && part.toolCallId !== undefined ? [`${CALL}${part.toolCallId}`] : []
  for (const marks of Object.values(part.providerMetadata ?? part.providerOptions ?? {})) {
    const itemId = (marks as { itemId?: unknown } | null)?.itemId
    if (typeof itemId === 'string') keys.push(`item:${itemId}`)
  }
  return keys
}

interface PartFacts {
  readonly type: string
  readonly toolCallId?: string
  readonly providerMetadata?: Readonly<Record<string, object>> | undefined
  readonly providerOptions?: Readonly<Record<string, object>> | undefined
}
