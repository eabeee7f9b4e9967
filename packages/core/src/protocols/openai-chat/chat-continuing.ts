import { isRecord, type JsonBody } from '../../base/json.ts'
import { continuePrompt, limitLeft, textBefore } from '../shared/continue-request.ts'
import type { AnswerPart, BrokenText, ContinuationFormat } from '../shared/continuation-format.ts'
import { fieldsHaveSubstance } from '../shared/substance.ts'

/** How a broken chat completion is continued. */
export const CHAT_CONTINUING: ContinuationFormat = {
  isPlainText({ messages, n, response_format: format, logprobs, modalities, audio }) {
    return (
      Array.isArray(messages) &&
      (n == null || n === 1) &&
      (!isRecord(format) || format['type'] === 'text') &&
      logprobs !== true &&
      audio == null &&
      (!Array.isArray(modalities) || modalities.every((each) => each === 'text'))
    )
  },
  newReader: () => ({ read: partOf }),
  requestFor(request, broken, form) {
    const limits = limitsFor(request, broken)
    return limits && { ...request, ...limits, messages: messagesFor(request, broken, form) }
  },
  joined(event, { id, created, model, system_fingerprint: fingerprint }, _first, text) {
    const { choices } = event
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []
    const identity = {
      id,
      created,
      model,
      ...(fingerprint !== undefined && { system_fingerprint: fingerprint }),
    }
    if (!isRecord(choice)) return { ...event, ...identity }
    const { role: _role, ...delta } = isRecord(choice['delta']) ? choice['delta'] : {}
    const joined = { ...choice, delta: 'content' in delta ? { ...delta, content: text } : delta }
    return { ...event, ...identity, choices: [joined] }
  },
}

const NOTHING: AnswerPart = { text: '', hasOther: false, isEnd: false }
const OTHER: AnswerPart = { ...NOTHING, hasOther: true }

function partOf({ choices }: JsonBody): AnswerPart {
  if (!Array.isArray(choices) || choices.length === 0) return NOTHING
  const [choice] = choices as readonly unknown[]
  if (choices.length > 1 || !isRecord(choice) || (choice['index'] ?? 0) !== 0) return OTHER
  const { delta, finish_reason: reason } = choice
  const { content, role: _role, name: _name, ...fields } = isRecord(delta) ? delta : {}
  const others = Object.fromEntries(Object.entries(fields).filter(([name]) => !name.startsWith('reasoning')))
  return {
    text: typeof content === 'string' ? content : '',
    hasOther: fieldsHaveSubstance(others) || (content != null && typeof content !== 'string'),
    isEnd: typeof reason === 'string',
  }
}

function messagesFor(
  { messages }: JsonBody,
  broken: BrokenText,
  form: Parameters<ContinuationFormat['requestFor']>[2],
): readonly unknown[] {
  const before = messages as readonly unknown[]
  if (form === 'user-turn') {
    return [
      ...before,
      { role: 'assistant', content: broken.sent },
      { role: 'user', content: continuePrompt(broken.anchor) },
    ]
  }
  const content = textBefore(broken)
  // Without a text before the anchor, the model begins its answer again.
  if (content === '') return before
  return [...before, { role: 'assistant', content, ...(form === 'prefix' && { prefix: true }) }]
}

const LIMITS = ['max_tokens', 'max_completion_tokens'] as const

/** Returns the output limits for the continuation; undefined if nothing is left of one. */
function limitsFor(request: JsonBody, broken: BrokenText): JsonBody | undefined {
  const limits: Record<string, number> = {}
  for (const name of LIMITS) {
    const limit = request[name]
    if (typeof limit !== 'number') continue
    const left = limitLeft(limit, broken)
    if (left === undefined) return undefined
    limits[name] = left
  }
  return limits
}
