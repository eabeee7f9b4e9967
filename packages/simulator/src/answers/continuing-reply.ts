/** What a model does when it is asked to continue its answer. */
export type ContinuationManner =
  /** It goes on where the request says, character for character. */
  | 'cooperative'
  /** It goes on in other words. */
  | 'paraphrasing'
  /** It begins its answer again. */
  | 'restarting'
  /** It goes on, and wraps the continuation in a code fence. */
  | 'fencing'
  /** It goes on in another language. */
  | 'translating'
  /** It goes on a few characters later than the request says, usually in half a word. */
  | 'half-word'

/**
 * Makes the answers of a model whose usual answer is `text`, for the option `reply` of a script. Asked to continue that answer, it does so in its
 * `manner`. A request asks for a continuation if its last message is from the assistant, or is from the user and ends with the last words of the
 * assistant's message before it.
 */
export function continuingReply(
  text: string,
  manner: ContinuationManner,
): (request: { readonly body: unknown }) => string {
  return ({ body }) => {
    const start = startIn(text, textsOf(body))
    return start === undefined ? text : MANNERS[manner](text, start)
  }
}

const MANNERS: Readonly<Record<ContinuationManner, (text: string, start: number) => string>> = {
  cooperative: (text, start) => text.slice(start),
  paraphrasing: (text, start) => `To put it differently, ${text.slice(start).toUpperCase()}`,
  restarting: (text) => text,
  fencing: (text, start) => `\`\`\`\n${text.slice(start)}\n\`\`\``,
  translating: (text, start) => text.slice(start).replace(/\S+/g, (word) => `${word}ung`),
  'half-word': (text, start) => text.slice(start + 3),
}

interface Message {
  readonly role: string
  readonly text: string
}

/** Returns the messages of a chat, an Anthropic or a Gemini request. */
function textsOf(body: unknown): Message[] {
  const { messages, contents } = (body ?? {}) as { messages?: unknown; contents?: unknown }
  const list = Array.isArray(messages) ? messages : Array.isArray(contents) ? contents : []
  return list.map((message: { role?: unknown; content?: unknown; parts?: unknown }) => ({
    role: String(message.role),
    text: textOf(message.content ?? message.parts),
  }))
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('')
}

const ASSISTANT = new Set(['assistant', 'model'])

/** Returns where in the answer its continuation has to begin; undefined if the request asks for no continuation of it. */
function startIn(text: string, messages: readonly Message[]): number | undefined {
  const [before, last] = messages.slice(-2)
  const partial = (last ?? before)?.role
  if (partial !== undefined && ASSISTANT.has(partial)) {
    const { text: given = '' } = last ?? before ?? {}
    return text.startsWith(given) ? given.length : undefined
  }
  if (!before || !last || !ASSISTANT.has(before.role) || !text.startsWith(before.text)) return undefined
  let quoted = 0
  while (quoted < before.text.length && last.text.endsWith(before.text.slice(-quoted - 1))) quoted++
  return quoted === 0 ? undefined : before.text.length - quoted
}
